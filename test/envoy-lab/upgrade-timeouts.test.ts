// Time-outs and retries of routes where a request asks for another protocol (WebSocket): they hold until the server has
// answered the handshake, and no longer. What ends an open connection is max_stream_duration, and either side's end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import type { Scope } from '../support/envoy-process.ts';
import { createJournal } from '../support/journal.ts';
import type { Json } from './envoy-json.ts';
import { pathRoute, startRoutedServer } from './routed-server.ts';

const open = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const refusal = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n';

/** `/open` is opened, `/503` refused, `/silent` not answered, and so is `/never`, which no test asks to upgrade. */
async function start(t: Scope, action: Json) {
  const sockets = createJournal<Duplex>('opened outside');
  const server = await startRoutedServer(t, {
    routes: ['/open', '/503', '/silent', '/never'].map((path) => pathRoute(path, action)),
    manager: { stream_idle_timeout: '0s', upgrade_configs: [{ upgrade_type: 'websocket' }] },
    respond: () => undefined,
    upgrade: ({ url }, socket) => {
      if (url === '/503') socket.write(refusal);
      if (url !== '/open') return;
      socket.write(open);
      sockets.push(socket);
    },
  });
  return { ...server, sockets };
}

/** Asks to upgrade; what comes back piece by piece, `end` where Envoy ended its side. */
function handshake(t: Scope, port: number, path: string) {
  const received = createJournal<string>('received', (text) => text);
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  t.after(() => {
    socket.destroy();
  });
  socket.on('data', (chunk: Buffer) => received.push(chunk.toString('latin1')));
  socket.on('end', () => received.push('end'));
  socket.write(`GET ${path} HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  return { socket, received };
}

const perTry = { retry_policy: { retry_on: '5xx', num_retries: 2, per_try_timeout: '0.1s' } };

for (const [what, action] of [
  ['the whole time-out', { timeout: '0.2s' }],
  ['the time-out of each try', perTry],
] as const) {
  test(`${what} does not end what was opened`, async (t) => {
    const { ask, port, sockets } = await start(t, action);
    const { socket, received } = handshake(t, port, '/open');
    assert.match(await received.next(), /^HTTP\/1\.1 101 /);
    const server = await sockets.next();
    // It is over for requests that began later.
    for (let round = 0; round < 2; round++) assert.equal((await ask('/never')).answer.status, 504);
    server.write('late');
    assert.equal(await received.next(), 'late');
    socket.write('later');
    assert.equal(String(await once(server, 'data', { signal: AbortSignal.timeout(10_000) })), 'later');
  });
}

const unanswered: readonly (readonly [what: string, path: string, action: Json, log: string, tries: number])[] = [
  ['the whole time-out ends the wait', '/silent', { timeout: '0.2s' }, '504 UT response_timeout', 1],
  ['so does that of each try, after its retries', '/silent', perTry, '504 URX,UT upstream_per_try_timeout', 3],
  ['a refused handshake is tried again', '/503', perTry, '503 URX via_upstream', 3],
];

for (const [what, path, action, log, tries] of unanswered) {
  test(`unanswered: ${what}`, async (t) => {
    const { envoy, outside, port } = await start(t, { timeout: '0s', ...action });
    const { received } = handshake(t, port, path);
    assert.match(await received.next(), new RegExp(`^HTTP/1\\.1 ${log.slice(0, 3)} `));
    assert.equal(await envoy.stdout.next(), log);
    assert.equal(outside.requests.items.length, tries);
  });
}

test('max_stream_duration ends it', async (t) => {
  const { envoy, port } = await start(t, { max_stream_duration: { max_stream_duration: '0.2s' } });
  const { received } = handshake(t, port, '/open');
  await received.find((text) => text === 'end');
  assert.equal(await envoy.stdout.next(), '101 - max_duration_timeout');
});

test('the end of one side ends both', async (t) => {
  const { envoy, port, sockets } = await start(t, { timeout: '0.2s' });
  const { socket, received } = handshake(t, port, '/open');
  await received.next();
  const server = await sockets.next();
  const ended = once(server.resume(), 'end', { signal: AbortSignal.timeout(10_000) });
  socket.end();
  await received.find((text) => text === 'end');
  await ended;
  assert.equal(await envoy.stdout.next(), '101 DC downstream_remote_disconnect');
});
