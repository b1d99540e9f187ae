// Places are the same whether a document's tree is still there or was read again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readYamlDocuments, type YamlDocument } from './yaml-text.ts';
import { createFindPlace } from './yaml-tree.ts';
import { readYamlValue } from './yaml-value.ts';

const text = `# first
---
broken: "
---
a: &all { x: 1 }
b:
- y: *all
---
c: 2
`;

/** The tree of the document with this key is held by nothing else. */
function findingIn(key: string, onRead: () => void) {
  const document = [...readYamlDocuments(text, 'f.yaml')].find((one) => one.document?.has(key));
  const root = document?.document?.contents;
  assert.ok(document !== undefined && root !== undefined && root !== null);
  const { targets } = readYamlValue(root);
  return createFindPlace({ root, targets, place: document.place }, counted(document.again, onRead));
}

function counted(again: () => YamlDocument, onRead: () => void): () => YamlDocument {
  return () => {
    onRead();
    return again();
  };
}

test('a place is found in the tree, in one that was read again, and twice for nothing', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  let reads = 0;
  const find = findingIn('b', () => {
    reads += 1;
  });
  assert.deepEqual(find(['b', 0, 'y'], 'value'), { file: 'f.yaml', line: 7, column: 6 });
  assert.equal(reads, 0);
  await turn();
  collect();
  assert.deepEqual(find(['b', 0, 'y'], 'value'), { file: 'f.yaml', line: 7, column: 6 });
  assert.equal(reads, 0, 'it is known');
  assert.deepEqual(find(['b', 0, 'y', 'x'], 'value'), { file: 'f.yaml', line: 5, column: 14 });
  assert.deepEqual(find(['b', 0, 'y'], 'key'), { file: 'f.yaml', line: 7, column: 3 });
  assert.equal(reads, 1, 'once for both');
  const other = findingIn('c', () => undefined);
  await turn();
  collect();
  assert.deepEqual(other(['c'], 'value'), { file: 'f.yaml', line: 9, column: 4 });
});
