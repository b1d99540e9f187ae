import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAge, formatDuration } from './age.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

const table: readonly (readonly [number, string])[] = [
  [-5 * second, '<invalid>'],
  [-second, '0s'],
  [0, '0s'],
  [999, '0s'],
  [45 * second, '45s'],
  [119 * second, '119s'],
  [2 * minute, '2m'],
  [2 * minute + 30 * second, '2m30s'],
  [10 * minute - 1, '9m59s'],
  [10 * minute + 30 * second, '10m'],
  [29 * minute, '29m'],
  [179 * minute, '179m'],
  [3 * hour, '3h'],
  [3 * hour + 20 * minute, '3h20m'],
  [8 * hour + 20 * minute, '8h'],
  [47 * hour, '47h'],
  [2 * day, '2d'],
  [2 * day + 3 * hour, '2d3h'],
  [8 * day + 3 * hour, '8d'],
  [500 * day, '500d'],
  [2 * year, '2y'],
  [2 * year + 40 * day, '2y40d'],
  [8 * year + 40 * day, '8y'],
];

for (const [ms, expected] of table) {
  test(`${ms} ms is ${expected}`, () => assert.equal(formatDuration(ms), expected));
}

test('an age is counted from the time of creation', () => {
  const now = Date.parse('2026-11-21T08:00:00Z');
  assert.equal(formatAge('2026-11-21T07:31:00Z', now), '29m');
  assert.equal(formatAge(undefined, now), '<unknown>');
  assert.equal(formatAge('yesterday', now), '<unknown>');
});
