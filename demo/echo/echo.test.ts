// The echo service as a process: its first line says who answers, the rest what was asked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { httpCall } from '../../test/support/http-client.ts';
import { freePort } from '../../test/support/ports.ts';
import { startListening } from '../testing/program.ts';

test('says its name first, then the request', async (t) => {
  const port = await freePort();
  await startListening(t, 'echo/main.ts', { PORT: String(port), HOSTNAME: 'echo-68578cf9d9-874rz' });
  const { status, headers, body } = await httpCall({
    port,
    host: 'echo.test',
    path: '/a/b?c=d?e',
    headers: { 'x-one': '1' },
  });
  assert.deepEqual([status, headers['content-type']], [200, 'text/plain']);
  const lines = body.split('\n');
  assert.equal(lines[0], 'Hostname: echo-68578cf9d9-874rz');
  for (const line of [
    'method=GET',
    'real path=/a/b',
    'query=c=d?e',
    'request_uri=http://echo.test/a/b?c=d?e',
    'x-one=1',
  ]) {
    assert.ok(lines.includes(`\t${line}`), `${line} in ${body}`);
  }
});
