import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, threeDigits } from './byte-size.ts';

const sizes: readonly (readonly [number, string])[] = [
  [0, '0B'],
  [999, '999B'],
  [1000, '1kB'],
  [1234, '1.2kB'],
  [9949, '9.9kB'],
  [9951, '10kB'],
  [34_400, '34kB'],
  [999_499, '999kB'],
  [999_500, '1MB'],
  [1_500_000_000, '1.5GB'],
  [2e18, '2000PB'],
];

for (const [bytes, expected] of sizes) test(`${bytes} bytes`, () => assert.equal(formatBytes(bytes), expected));

const rates: readonly (readonly [number, string])[] = [
  [0, '0'],
  [0.001, '<0.01'],
  [0.0123, '0.01'],
  [0.5, '0.5'],
  [2, '2'],
  [9.94, '9.9'],
  [9.96, '10'],
  [1234.5, '1235'],
];

for (const [rate, expected] of rates) test(`${rate} as three digits`, () => assert.equal(threeDigits(rate), expected));
