import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constantOf } from './telemetry-tags.ts';

for (const [expression, constant] of [
  ["'blue'", 'blue'],
  ['"a\\n"', 'a\n'],
  ['8080', '8080'],
  ['0x1F4', '500'],
  ['500u', '500'],
  ['999999999999999999', '999999999999999999'],
  ['1.50', '1.5'],
  ['007', '7'],
  ['request.host', undefined],
  ["'a' + 'b'", undefined],
  ["'a", undefined],
  ['', undefined],
] as const) {
  test(`${expression} is ${constant ?? 'no constant'}`, () => assert.equal(constantOf(expression), constant));
}
