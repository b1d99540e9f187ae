import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainAuthority } from './odd-authority.ts';

const plain = new RegExp(`^(?:${plainAuthority})$`);

test('every port is plain in one way of writing it', () => {
  for (let port = 1; port <= 65_535; port += 1) assert.ok(plain.test(`a.test:${port}`), String(port));
  for (const port of [
    '0',
    '00',
    '080',
    '+80',
    '-1',
    '80 ',
    '0x50',
    '65536',
    '65540',
    '65600',
    '66000',
    '70000',
    '100000',
    '8e1',
    '',
    ':80',
    '٨٠',
  ])
    assert.ok(!plain.test(`a.test:${port}`), port);
});

test('hosts are plain with and without a port, but for further dots at their end', () => {
  for (const host of ['a', 'a.test', '*.a', '[::1]', '10.0.0.1', 'a_b.test']) {
    assert.ok(plain.test(host), host);
    assert.ok(plain.test(`${host}:443`), host);
  }
  for (const host of ['', '.', 'a.test.', 'a.test.:80', 'a.test..:80', '::1', 'me:you@a.test', '[::1]x'])
    assert.ok(!plain.test(host), host);
});
