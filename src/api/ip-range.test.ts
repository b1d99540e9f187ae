import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSingleAddress, parseIpRange } from './ip-range.ts';

test('parseIpRange reads addresses and ranges of both families', () => {
  assert.deepEqual(parseIpRange('192.0.2.1'), { family: 4, address: '192.0.2.1', prefix: 32, cidr: false });
  assert.deepEqual(parseIpRange('10.0.0.0/8'), { family: 4, address: '10.0.0.0', prefix: 8, cidr: true });
  assert.deepEqual(parseIpRange('::/0'), { family: 6, address: '::', prefix: 0, cidr: true });
});

for (const text of [
  '',
  '10.0.0/8',
  '10.0.0.0/33',
  '::/129',
  '10.0.0.0/255.0.0.0',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  'a',
  'fe80::1%1',
  '010.0.0.1',
]) {
  test(`parseIpRange refuses ${JSON.stringify(text)}`, () => assert.equal(parseIpRange(text), undefined));
}

test('a host mask is a single address', () => {
  for (const [text, single] of [
    ['10.0.0.1/32', true],
    ['::1/128', true],
    ['::1', true],
    ['10.0.0.0/31', false],
  ] as const) {
    const range = parseIpRange(text);
    assert.ok(range !== undefined && isSingleAddress(range) === single, text);
  }
});
