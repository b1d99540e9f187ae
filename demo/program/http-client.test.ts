// What a call says of what became of it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type OutsideHttpOptions, startOutsideHttp, startOutsideTcp } from '../../test/support/outside-server.ts';
import { freePort } from '../../test/support/ports.ts';
import { createHttpClient, describeOutcome } from './http-client.ts';

function client(t: TestContext, timeoutMs?: number) {
  const made = createHttpClient({}, timeoutMs);
  t.after(() => made.close());
  return async (port: number, method = 'GET') => {
    const outcome = await made.call({ url: new URL(`http://127.0.0.1:${port}/`), method });
    return { outcome, text: describeOutcome(outcome).replace(/ \(\d+ ms\)$/, '') };
  };
}

async function textOf(t: TestContext, respond: OutsideHttpOptions['respond']): Promise<string> {
  const { port } = await startOutsideHttp({ t, ...(respond === undefined ? {} : { respond }) });
  return (await client(t)(port)).text;
}

test('a sidecar is named only where nobody else can have answered', async (t) => {
  const blocked = { server: 'envoy', 'content-length': '0' };
  assert.equal(await textOf(t, (_, response) => response.writeHead(502, blocked).end()), '502 blocked by its sidecar');
  const others: readonly (readonly [number, Readonly<Record<string, string>>, string])[] = [
    [502, { ...blocked, 'content-length': '1' }, 'x'],
    [502, { ...blocked, server: 'nginx' }, ''],
    [502, { ...blocked, 'x-envoy-upstream-service-time': '1' }, ''],
    [502, { ...blocked, 'content-type': 'text/html' }, ''],
    [503, blocked, ''],
  ];
  for (const [status, headers, body] of others) {
    const text = await textOf(t, (_, response) => response.writeHead(status, headers).end(body));
    assert.equal(text, String(status));
  }
});

test('reasons for no answer', async (t) => {
  const call = client(t, 300);
  assert.equal((await call(await freePort())).text, 'connection refused');
  const resetting = await startOutsideTcp({ t, serve: ({ socket }) => socket.resetAndDestroy() });
  assert.equal((await call(resetting.port)).text, 'connection reset');
  const silent = await startOutsideTcp({ t, serve: () => {} });
  assert.equal((await call(silent.port)).text, 'timed out');
  const half = await startOutsideHttp({
    t,
    respond: (_, response) => void response.writeHead(200, { 'content-length': '10' }).write('half'),
  });
  assert.equal((await call(half.port)).text, 'timed out');
});

test('a connection is kept; a GET that finds it closed is sent once more, a POST is not', async (t) => {
  const { port, connections, requests } = await startOutsideHttp({
    t,
    respond: (_, response) => (requests.items.length === 3 ? response.socket?.resetAndDestroy() : response.end('ok')),
  });
  const call = client(t);
  assert.equal((await call(port)).text, '200');
  assert.equal((await call(port)).text, '200');
  assert.equal(connections.items.length, 1);
  assert.equal((await call(port)).text, '200');
  assert.deepEqual([requests.items.length, connections.items.length], [4, 2]);
  const dropping = await startOutsideHttp({
    t,
    respond: (_, response) =>
      dropping.requests.items.length === 2 ? response.socket?.resetAndDestroy() : response.end('ok'),
  });
  assert.equal((await call(dropping.port, 'POST')).text, '200');
  assert.equal((await call(dropping.port, 'POST')).text, 'connection reset');
  assert.equal(dropping.requests.items.length, 2);
});

test('of an endless answer the beginning is kept', async (t) => {
  const { port } = await startOutsideHttp({ t, respond: (_, response) => response.end('x'.repeat(200_000)) });
  const { outcome } = await client(t)(port);
  assert.equal(outcome.kind === 'answer' && outcome.body.length, 65_536);
});
