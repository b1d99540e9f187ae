import assert from 'node:assert/strict';
import { test } from 'node:test';
import { piDigits } from './pi.ts';

test('digits of pi', () => {
  assert.equal(piDigits(1), '3.1');
  assert.equal(piDigits(50), '3.14159265358979323846264338327950288419716939937510');
  const thousand = piDigits(1000);
  assert.equal(thousand.length, 1002);
  assert.ok(thousand.endsWith('2164201989'));
});
