import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectTargets, singleTarget } from './object-targets.ts';

const table: readonly (readonly [string, ReturnType<typeof objectTargets>])[] = [
  ['se', [{ kind: 'se' }]],
  [
    'se a b',
    [
      { kind: 'se', name: 'a' },
      { kind: 'se', name: 'b' },
    ],
  ],
  ['se,gw', [{ kind: 'se' }, { kind: 'gw' }]],
  [
    'se,gw a',
    [
      { kind: 'se', name: 'a' },
      { kind: 'gw', name: 'a' },
    ],
  ],
  [
    'se/a gw/b',
    [
      { kind: 'se', name: 'a' },
      { kind: 'gw', name: 'b' },
    ],
  ],
];

for (const [words, expected] of table) {
  test(`'${words}' names ${expected.length}`, () => assert.deepEqual(objectTargets(words.split(' ')), expected));
}

for (const words of ['se/a b', '/a', 'se/', 'a/b/c', ',']) {
  test(`'${words}' is wrong usage`, () => {
    assert.throws(() => objectTargets(words.split(' ')), { exitCode: 2 });
  });
}

test('a single object needs a name', () => {
  assert.deepEqual(singleTarget(['istio', 'mesh']), { kind: 'istio', name: 'mesh' });
  assert.throws(() => singleTarget(['istio']), { exitCode: 2 });
  assert.throws(() => singleTarget(['se/a', 'se/b']), { exitCode: 2 });
});
