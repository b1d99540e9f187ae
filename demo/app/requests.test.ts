// REQUESTS as the stories write it, and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageOf } from '../../src/platform/errors.ts';
import { parseRequests } from './requests.ts';

test('protocol, host, port, path and count; defaults for port and count; the order is kept', () => {
  const text =
    ' http://catalog:8080/#2  http://bookings:8080#1 grpc://movies:8082/allspark/Incoming#3\nhttps://a.test/x ';
  const targets = parseRequests(`${text} tcp://database:8083/#1 http://httpbin.org/get#1`);
  assert.deepEqual(
    targets.map(({ protocol, host, port, count, url }) => [protocol, host, port, count, url.pathname]),
    [
      ['http', 'catalog', 8080, 2, '/'],
      ['http', 'bookings', 8080, 1, '/'],
      ['grpc', 'movies', 8082, 3, '/allspark/Incoming'],
      ['https', 'a.test', 443, 1, '/x'],
      ['tcp', 'database', 8083, 1, '/'],
      ['http', 'httpbin.org', 80, 1, '/get'],
    ],
  );
  assert.deepEqual(parseRequests('  '), []);
});

test('what cannot be called is refused, with the entry named', () => {
  const wrong = [
    'catalog:8080',
    'ftp://a/',
    'http://#1',
    'http://a/#0',
    'http://a/#1001',
    'http://a/#1.5',
    'http://a/#-1',
    'http://a/#',
    'http://a/#1#2',
    'grpc://movies/x',
    'tcp://database',
    'http://me:secret@a/',
    'http://a:99999/',
  ];
  for (const entry of wrong) {
    const named = (error: unknown) => messageOf(error).startsWith(`REQUESTS=${entry}: `);
    assert.throws(() => parseRequests(`http://fine/ ${entry}`), named, entry);
  }
});
