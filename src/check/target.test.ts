import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTarget } from './target.ts';

const request = { method: 'GET', path: '/', headers: new Map() };

const table = [
  ['http://a.test', { protocol: 'http', host: 'a.test', port: 80, ...request }],
  ['HTTP://A.Test./x?y=1#z', { protocol: 'http', host: 'a.test', port: 80, ...request, path: '/x?y=1' }],
  ['http://a.test:8080/', { protocol: 'http', host: 'a.test', port: 8080, ...request }],
  ['https://a.test', { protocol: 'tls', host: 'a.test', port: 443, ...request }],
  ['https://a.test:80', { protocol: 'tls', host: 'a.test', port: 80, ...request }],
  ['grpc://a.test:50051', { protocol: 'grpc', host: 'a.test', port: 50051, ...request }],
  ['tls://a.test', { protocol: 'tls', host: 'a.test', port: 443 }],
  ['tcp://db.test:5432', { protocol: 'tcp', host: 'db.test', port: 5432 }],
  ['a.test:80', { protocol: 'http', host: 'a.test', port: 80, ...request }],
  ['a.test:443', { protocol: 'tls', host: 'a.test', port: 443 }],
  ['192.0.2.1:6379', { protocol: 'tcp', host: '192.0.2.1', port: 6379 }],
  ['tcp://[2001:db8::1]:53', { protocol: 'tcp', host: '2001:db8::1', port: 53 }],
] as const;

for (const [text, attempt] of table) {
  test(`${text} is what it says`, () => assert.deepEqual(parseTarget(text), attempt));
}

test('a method and headers are taken as they are sent', () => {
  const attempt = parseTarget('http://a.test', { method: 'post', headers: [['X-Team', 'shop']] });
  assert.deepEqual(attempt.method, 'POST');
  assert.deepEqual([...(attempt.headers ?? [])], [['x-team', 'shop']]);
});

for (const text of [
  'a.test',
  'tcp://a.test',
  'ftp://a.test',
  'http://',
  'http://*.a.test',
  'http://a.test:99999',
  '',
]) {
  test(`'${text}' is refused with the forms that there are`, () => {
    assert.throws(() => parseTarget(text), { code: 'SP_BAD_REQUEST', hint: /tcp:\/\/host:port/ });
  });
}
