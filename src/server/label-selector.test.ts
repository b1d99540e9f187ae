import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLabelSelector } from './label-selector.ts';

const labels = { app: 'echo', tier: 'web', 'istio.io/rev': 'a' };

const table: readonly (readonly [string | undefined, boolean])[] = [
  [undefined, true],
  ['', true],
  ['app=echo', true],
  ['app==echo', true],
  ['app=echo,tier=web', true],
  ['app=echo,tier=db', false],
  ['app!=echo', false],
  ['missing!=x', true],
  ['app', true],
  ['!app', false],
  ['!missing', true],
  ['tier in (web, db)', true],
  ['tier notin (web,db)', false],
  ['missing notin (web)', true],
  ['missing in (web)', false],
  ['istio.io/rev=a', true],
  ['app in (echo),tier notin (db),!missing', true],
  ['constructor', false],
];

for (const [text, expected] of table) {
  test(`selector ${text} is ${expected}`, () => assert.equal(parseLabelSelector(text)(labels), expected));
}

test('a part that is no selector is named', () => {
  assert.throws(() => parseLabelSelector('app=echo,a b'), {
    code: 'SP_BAD_REQUEST',
    message: "'a b' is no label selector",
  });
});
