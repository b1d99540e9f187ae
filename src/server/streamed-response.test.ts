// Streams to readers that stop reading, with a real server and real sockets.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { pino } from 'pino';
import { until } from '../../test/support/until.ts';
import { type StreamedAnswer, streamedResponse } from './streamed-response.ts';

type Pieces = StreamedAnswer['pieces'];

async function serving(t: TestContext, pieces: Pieces, stallMs = 60_000) {
  const failures: unknown[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => failures.push(JSON.parse(line).msg) });
  const app = new Hono().get('/', (context) =>
    streamedResponse(context, { contentType: 'text/plain', pieces, log, stallMs }),
  );
  const server = createServer(getRequestListener(app.fetch)).listen(0, '127.0.0.1');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, failures };
}

/** A reader that sends its request and takes nothing. */
function stuckReader(t: TestContext, port: number) {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.pause();
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return socket;
}

test('a piece is made when the one before was taken', { timeout: 20_000 }, async (t) => {
  let made = 0;
  const piece = 'x'.repeat(1024 * 1024);
  const { port } = await serving(t, async function* () {
    for (; made < 1000; made += 1) yield piece;
  });
  stuckReader(t, port);
  await until('it begins', () => made > 0);
  let before = -1;
  await until('it stops', async () => {
    const same = before === made;
    before = made;
    return same;
  });
  assert.ok(made < 50, `${made} MB were made for nobody`);
  const answer = await fetch(`http://127.0.0.1:${port}`);
  await answer.body?.cancel();
});

test('a reader that takes nothing for long is cut off, and the source ends', { timeout: 20_000 }, async (t) => {
  const ended = Promise.withResolvers<boolean>();
  const { port, failures } = await serving(
    t,
    async function* (gone) {
      try {
        for (;;) yield 'x'.repeat(1024 * 1024);
      } finally {
        ended.resolve(gone.aborted);
      }
    },
    100,
  );
  const socket = stuckReader(t, port);
  assert.equal(await ended.promise, true);
  socket.resume();
  await once(socket, 'close');
  assert.deepEqual(failures, []);
});

test('a source that waits for a reader that goes away is ended', { timeout: 20_000 }, async (t) => {
  const waits = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const { port, failures } = await serving(t, async function* (gone) {
    yield 'first';
    waits.resolve();
    await once(gone, 'abort');
    ended.resolve();
  });
  const socket = stuckReader(t, port);
  await waits.promise;
  socket.destroy();
  await ended.promise;
  await new Promise(setImmediate);
  assert.deepEqual(failures, []);
});

test('a failure breaks the answer off, and is for the log', { timeout: 20_000 }, async (t) => {
  const { port, failures } = await serving(t, async function* () {
    yield 'half';
    throw new Error('no more');
  });
  const answer = await fetch(`http://127.0.0.1:${port}`);
  await assert.rejects(answer.text());
  assert.deepEqual(failures, ['a streamed answer failed']);
});

test('a HEAD begins nothing', { timeout: 20_000 }, async (t) => {
  let begun = false;
  const { port } = await serving(t, async function* () {
    begun = true;
    yield 'x';
  });
  assert.equal((await fetch(`http://127.0.0.1:${port}`, { method: 'HEAD' })).status, 200);
  assert.equal(begun, false);
});
