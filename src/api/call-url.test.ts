import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCallUrl, readCallUrl } from './call-url.ts';

const read = [
  ['http://a.test', { scheme: 'http', host: 'a.test', port: 80 }, 'http://a.test'],
  ['HTTP://A.Test./x?y=1#z', { scheme: 'http', host: 'a.test', port: 80, path: '/x?y=1' }, 'http://a.test/x?y=1'],
  ['http://a.test?y', { scheme: 'http', host: 'a.test', port: 80, path: '/?y' }, 'http://a.test/?y'],
  ['http://a.test/a/../b', { scheme: 'http', host: 'a.test', port: 80, path: '/b' }, 'http://a.test/b'],
  ['http://a.test//b', { scheme: 'http', host: 'a.test', port: 80, path: '//b' }, 'http://a.test//b'],
  ['https://a.test:80', { scheme: 'https', host: 'a.test', port: 80 }, 'https://a.test:80'],
  ['grpc://a.test:50051', { scheme: 'grpc', host: 'a.test', port: 50051 }, 'grpc://a.test:50051'],
  ['tls://*.a.test', { scheme: 'tls', host: '*.a.test', port: 443 }, 'tls://*.a.test'],
  ['tcp://[2001:DB8::1]:53', { scheme: 'tcp', host: '2001:db8::1', port: 53 }, 'tcp://[2001:db8::1]:53'],
  ['a.test:80', { scheme: 'http', host: 'a.test', port: 80 }, 'http://a.test'],
  ['a.test:443', { scheme: 'tls', host: 'a.test', port: 443 }, 'tls://a.test'],
  ['192.0.2.1:6379', { scheme: 'tcp', host: '192.0.2.1', port: 6379 }, 'tcp://192.0.2.1:6379'],
] as const;

for (const [text, expected, formatted] of read) {
  test(`${text} is what it says`, () => {
    const url = readCallUrl(text);
    assert.deepEqual(url, expected);
    assert.equal('problem' in url ? '' : formatCallUrl(url), formatted);
  });
}

const refused = [
  '',
  'a.test',
  'tcp://a.test',
  'ftp://a.test',
  'http://',
  'http://a*.test',
  'http://u@a.test',
  'a:0',
  'a b:80',
];

for (const text of refused) {
  test(`'${text}' is nothing to call`, () => assert.ok('problem' in readCallUrl(text)));
}
