import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lineDiff } from './line-diff.ts';

test('what is in both stays, what is gone comes before what is new', () => {
  assert.deepEqual(lineDiff(['a', 'b', 'c'], ['a', 'x', 'c', 'd']), [' a', '-b', '+x', ' c', '+d']);
  assert.deepEqual(lineDiff([], ['a']), ['+a']);
  assert.deepEqual(lineDiff(['a'], []), ['-a']);
});

test('without what is new it is the first text, without what is gone the second, and no shorter one tells so', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = lineDiff(before, after);
      const without = (mark: string) => diff.filter((line) => !line.startsWith(mark)).map((line) => line.slice(1));
      assert.deepEqual(without('+'), before);
      assert.deepEqual(without('-'), after);
      if (before.join() === after.join()) assert.equal(diff.length, before.length);
    }),
    { seed: 3, numRuns: 300 },
  );
});
