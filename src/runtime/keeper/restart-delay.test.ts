import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programRestarts, restartDelay } from './restart-delay.ts';

test('the first restart is at once, then 10 s doubling to 5 min', () => {
  const seconds = [1, 2, 3, 4, 5, 6, 7, 8, 2000].map((failures) => restartDelay(programRestarts, failures) / 1000);
  assert.deepEqual(seconds, [0, 10, 20, 40, 80, 160, 300, 300, 300]);
});
