import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closestWord } from './closest-word.ts';

const fields = ['hosts', 'ports', 'protocol', 'resolution', 'location', 'exportTo'];

for (const [word, expected] of [
  ['protcol', 'protocol'],
  ['resolutoin', 'resolution'],
  ['exportto', 'exportTo'],
  ['host', 'hosts'],
  ['banana', undefined],
  ['x', undefined],
  ['p'.repeat(10_000), undefined],
] as const) {
  test(`the word nearest to ${word.slice(0, 12)} is ${expected}`, () =>
    assert.equal(closestWord(word, fields), expected));
}
