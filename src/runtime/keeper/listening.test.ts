import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { listeningPorts } from './listening.ts';

async function listenOn(t: TestContext, host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.after(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('a port counts on its own address and on wildcards, of both families', async (t) => {
  for (const host of ['127.0.0.3', '0.0.0.0', '::', '::ffff:127.0.0.3']) {
    const port = await listenOn(t, host);
    assert.ok(listeningPorts(process.pid, '127.0.0.3').has(port), host);
  }
});

test('a port of another address does not count', async (t) => {
  const port = await listenOn(t, '127.0.0.4');
  assert.equal(listeningPorts(process.pid, '127.0.0.3').has(port), false);
  assert.ok(listeningPorts(process.pid, '127.0.0.4').has(port));
});

test('what does not run listens nowhere', () => {
  assert.deepEqual([...listeningPorts(2 ** 22 + 1, '127.0.0.1')], []);
});
