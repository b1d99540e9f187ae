import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeEnvironment, parseEnvironment, splitWords } from './environment-changes.ts';

test('objects come first, then variables', () => {
  assert.deepEqual(splitWords(['deploy', 'a', 'K=v', 'L-']), [
    ['deploy', 'a'],
    ['K=v', 'L-'],
  ]);
  assert.deepEqual(splitWords(['deploy/a']), [['deploy/a'], []]);
});

test('a value may hold anything', () => {
  const { set, remove } = parseEnvironment(['REQUESTS=http://a/get#1, b=c', 'EMPTY=', 'GONE-']);
  assert.deepEqual(
    [...set],
    [
      ['REQUESTS', 'http://a/get#1, b=c'],
      ['EMPTY', ''],
    ],
  );
  assert.deepEqual([...remove], ['GONE']);
});

for (const words of [['A=b', 'nonsense'], ['=b'], ['-'], ['A=b', 'A-']]) {
  test(`${words.join(' ')} is refused`, () => {
    assert.throws(() => parseEnvironment(words), { code: 'SP_USAGE', exitCode: 2 });
  });
}

test('a variable keeps its place, new ones come last, the last removed takes the list with it', () => {
  const container = {
    name: 'web',
    env: [
      { name: 'A', value: '1' },
      { name: 'B', valueFrom: {} },
    ],
  };
  const changed = changeEnvironment(container, parseEnvironment(['C=3', 'B=2']));
  assert.deepEqual(changed.env, [
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
    { name: 'C', value: '3' },
  ]);
  assert.deepEqual(changeEnvironment(changed, parseEnvironment(['A-', 'B-', 'C-', 'D-'])), { name: 'web' });
});
