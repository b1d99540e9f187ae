import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { requestJson, streamLines } from './unix-http.ts';

async function serve(t: TestContext, handler: RequestListener): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-test-'));
  const socketPath = join(folder, 'test.sock');
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true });
  });
  return socketPath;
}

test('a body goes and comes as JSON, with any status', async (t) => {
  const socketPath = await serve(t, (request, response) => {
    response.statusCode = 418;
    response.setHeader('x-type', request.headers['content-type'] ?? '');
    request.pipe(response);
  });
  const answer = await requestJson({ socketPath, method: 'POST', path: '/', body: { text: 'ä€😀' } });
  assert.deepEqual(answer, { status: 418, body: { text: 'ä€😀' } });
});

test('an empty body is undefined, what is no JSON an error', async (t) => {
  const socketPath = await serve(t, ({ url }, response) => response.end(url === '/empty' ? '' : '<html>'));
  assert.deepEqual(await requestJson({ socketPath, path: '/empty' }), { status: 200, body: undefined });
  await assert.rejects(requestJson({ socketPath, path: '/' }), { code: 'SP_BAD_RESPONSE' });
});

test('nobody there, too slow, broken off', async (t) => {
  await assert.rejects(requestJson({ socketPath: '/nowhere/test.sock', path: '/' }), { code: 'SP_NO_SERVER' });
  const slow = await serve(t, () => {});
  await assert.rejects(requestJson({ socketPath: slow, path: '/', timeoutMs: 50 }), { code: 'SP_CONNECTION_LOST' });
  const broken = await serve(t, (_, response) => {
    response.write('{"a":');
    response.socket?.destroy();
  });
  await assert.rejects(requestJson({ socketPath: broken, path: '/' }), { code: 'SP_CONNECTION_LOST' });
});

test('an abort rejects a request and ends a stream', async (t) => {
  const socketPath = await serve(t, ({ url }, response) => url === '/stream' && void response.write('one\ntwo\n'));
  const aborted = AbortSignal.abort();
  await assert.rejects(requestJson({ socketPath, path: '/', signal: aborted }), { name: 'AbortError' });
  const late = new AbortController();
  const waiting = requestJson({ socketPath, path: '/', signal: late.signal });
  setImmediate(() => late.abort());
  await assert.rejects(waiting, { name: 'AbortError' });
  const stop = new AbortController();
  const lines: string[] = [];
  for await (const line of streamLines({ socketPath, path: '/stream', signal: stop.signal })) {
    lines.push(line);
    if (lines.length === 2) stop.abort();
  }
  assert.deepEqual(lines, ['one', 'two']);
});

test('a stream ends with the other side, fails in its words, and says when it broke off', async (t) => {
  const socketPath = await serve(t, ({ url }, response) => {
    if (url === '/end') return void response.end('last\n');
    if (url === '/refuse') return void response.writeHead(410).end('{"message":"too old"}');
    response.write('first\n', () => response.socket?.destroy());
  });
  assert.deepEqual(await allOf(streamLines({ socketPath, path: '/end' })), ['last']);
  await assert.rejects(allOf(streamLines({ socketPath, path: '/refuse' })), { message: 'too old' });
  await assert.rejects(allOf(streamLines({ socketPath, path: '/break' })), { code: 'SP_CONNECTION_LOST' });
});

async function allOf(lines: AsyncIterable<string>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const line of lines) found.push(line);
  return found;
}
