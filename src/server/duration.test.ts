import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from './duration.ts';

const table: readonly (readonly [string, number | undefined])[] = [
  ['500ms', 500],
  ['30s', 30_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['7d', 604_800_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['1d2h3m4s5ms', 93_784_005],
  ['', undefined],
  ['0s', undefined],
  ['5', undefined],
  ['m', undefined],
  ['-5m', undefined],
  ['5 m', undefined],
  ['5min', undefined],
  ['5m ', undefined],
  ['1e3s', undefined],
  ['99999999d', undefined],
  [`${'1'.repeat(400)}s`, undefined],
];

for (const [text, ms] of table) {
  test(`'${text.slice(0, 20)}' is ${ms} ms`, () => assert.equal(parseDuration(text), ms));
}
