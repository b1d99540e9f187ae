import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { startControlPlane, temporaryDataFolder } from '../../test/support/control-plane.ts';
import { requestJson } from '../platform/unix-http.ts';
import { serveApi } from './serve.ts';

const killedServer = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;

test('the socket is for its owner only, and a second server is refused', async (t) => {
  const { folder, deps } = await startControlPlane(t);
  assert.equal((await stat(folder.apiSocket)).mode & 0o777, 0o600);
  assert.equal((await stat(folder.runPath)).mode & 0o777, 0o700);
  await assert.rejects(serveApi(deps, { socketPath: folder.apiSocket }), { code: 'SP_ALREADY_RUNNING' });
});

test('what a killed process left is taken over', async (t) => {
  const { deps } = await startControlPlane(t);
  const { apiSocket: socketPath } = await temporaryDataFolder(t);
  await mkdir(dirname(socketPath), { recursive: true });
  const victim = spawnSync(process.execPath, ['-e', killedServer, socketPath]);
  assert.equal(victim.signal, 'SIGKILL');
  await assert.rejects(requestJson({ socketPath, path: '/v1/info' }), { code: 'SP_NO_SERVER' });
  const server = await serveApi(deps, { socketPath });
  t.after(server.close);
  assert.equal((await requestJson({ socketPath, path: '/v1/info' })).status, 200);
});

test('nobody on the socket is an error of its own', async (t) => {
  const folder = await temporaryDataFolder(t);
  const asked = requestJson({ socketPath: folder.apiSocket, path: '/v1/info' });
  await assert.rejects(asked, { code: 'SP_NO_SERVER' });
});

test('health and metrics need no token', async (t) => {
  const { url } = await startControlPlane(t);
  assert.equal(await (await fetch(`${url}/healthz`)).text(), 'ok\n');
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^# TYPE process_resident_memory_bytes gauge$/m);
  assert.match(metrics, /^sallyport_build_info\{version="9\.9\.9",capture="redirect"\} 1$/m);
});

for (const path of ['/metrics', '/healthz', '/v1/objects/serviceentry', '/nothing', '/%2e%2e']) {
  test(`a foreign Host is refused on ${path}`, async (t) => {
    const { url } = await startControlPlane(t);
    assert.equal((await send(url, path, { host: 'evil.com' })).status, 403);
  });
}

test('a foreign Origin is refused before routing, also for a WebSocket', async (t) => {
  const { url } = await startControlPlane(t);
  const origin = 'http://evil.com';
  assert.match((await send(url, '/nothing', { origin }, 'POST')).body, /SP_FOREIGN_ORIGIN/);
  const upgrade = { origin, connection: 'Upgrade', upgrade: 'websocket' };
  assert.match((await send(url, '/nothing', upgrade)).body, /SP_FOREIGN_ORIGIN/);
});

test('over TCP nothing can be changed and no workload entered', async (t) => {
  const { url, store } = await startControlPlane(t, { execPlan: async () => ({ argv: ['true'], env: {} }) });
  for (const [method, path] of [
    ['POST', '/v1/objects'],
    ['PATCH', '/v1/objects/serviceentry/a'],
    ['DELETE', '/v1/objects/serviceentry/a'],
    ['POST', '/nothing'],
    ['GET', '/v1/pods/default/echo/exec'],
  ] as const) {
    const { status, body } = await send(url, path, {}, method);
    assert.equal(status, 403, `${method} ${path}`);
    assert.match(body, /"message":"[^"]+"/);
  }
  assert.equal((await store.list({ group: 'networking.istio.io', kind: 'ServiceEntry' })).items.length, 0);
});

test('the data of a Secret is not read over TCP, but over the socket', async (t) => {
  const { url, store, folder } = await startControlPlane(t);
  const metadata = { name: 'key', namespace: 'default', annotations: { copy: 'aHVzaA==' } };
  await store.apply([{ apiVersion: 'v1', kind: 'Secret', metadata, data: { password: 'aHVzaA==' } }]);
  for (const path of ['/v1/objects/secret', '/v1/objects/secret/key']) {
    const answer = await send(url, path, {});
    assert.match(answer.body, /"password":"\[redacted\]"/);
    assert.doesNotMatch(answer.body, /aHVzaA/);
    const trusted = await requestJson({ socketPath: folder.apiSocket, path });
    assert.match(JSON.stringify(trusted.body), /aHVzaA/);
  }
});

test('what is no HTTP gets no stack trace', async (t) => {
  const { url } = await startControlPlane(t);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.end('GET / HTTP/9\r\nHost: 127.0.0.1\r\n\r\n');
  assert.match(await text(socket), /^HTTP\/1\.1 400 Bad Request/);
});

/** With node:http, since fetch does not let Host and Origin be set. */
function send(
  url: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  method = 'GET',
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}${path}`, { method, headers, path, agent: false });
    outgoing.once('error', reject);
    outgoing.once('response', async (response) => resolve({ status: response.statusCode, body: await text(response) }));
    outgoing.end();
  });
}
