import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { refusal } from './guard.ts';

interface Case {
  readonly method?: string;
  readonly url?: string;
  readonly headers: IncomingHttpHeaders;
  readonly code?: 'SP_FOREIGN_HOST' | 'SP_FOREIGN_ORIGIN';
}

const own = { host: '127.0.0.1:50500' };
const foreignHost = 'SP_FOREIGN_HOST';
const foreignOrigin = 'SP_FOREIGN_ORIGIN';

const cases: readonly Case[] = [
  { headers: own },
  { headers: { host: 'localhost:50500' } },
  { headers: { host: 'LOCALHOST' } },
  { headers: { host: '[::1]:50500' } },
  { headers: { host: '10.1.2.3:50500' } },
  { headers: {}, code: foreignHost },
  { headers: { host: '' }, code: foreignHost },
  { headers: { host: 'evil.com' }, code: foreignHost },
  { headers: { host: 'evil.com:50500' }, code: foreignHost },
  { headers: { host: '127.0.0.1.evil.com' }, code: foreignHost },
  { headers: { host: 'localhost.evil.com:50500' }, code: foreignHost },
  { headers: { host: 'localhost@evil.com' }, code: foreignHost },
  { headers: { host: '127.0.0.1:50500, evil.com' }, code: foreignHost },
  { headers: { host: '10.1.2.4:50500' }, code: foreignHost },
  { headers: own, url: 'http://evil.com/metrics', code: foreignHost },
  { headers: own, url: '//evil.com/metrics', code: foreignHost },
  { headers: own, url: '*', code: foreignHost },
  { headers: { ...own, origin: 'http://evil.com' } },
  { headers: { ...own, origin: 'http://127.0.0.1:50500' }, method: 'POST' },
  { headers: own, method: 'POST' },
  { headers: { ...own, origin: 'http://evil.com' }, method: 'POST', code: foreignOrigin },
  { headers: { ...own, origin: 'null' }, method: 'DELETE', code: foreignOrigin },
  { headers: { ...own, origin: 'https://127.0.0.1:50500' }, method: 'PATCH', code: foreignOrigin },
  { headers: { ...own, origin: 'http://127.0.0.1:3000' }, method: 'PUT', code: foreignOrigin },
  { headers: { ...own, origin: 'http://localhost:50500' }, method: 'POST', code: foreignOrigin },
  { headers: { ...own, origin: 'http://evil.com', upgrade: 'websocket' }, code: foreignOrigin },
];

for (const { method = 'GET', url = '/metrics', headers, code } of cases) {
  test(`${method} ${url} ${JSON.stringify(headers)} is ${code ?? 'let in'}`, () => {
    assert.equal(refusal({ method, url, headers }, '10.1.2.3')?.code, code);
  });
}
