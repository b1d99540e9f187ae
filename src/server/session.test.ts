// Who may change something over TCP, with real sockets.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startControlPlane } from '../../test/support/control-plane.ts';
import { type HttpAnswer, httpCall } from '../../test/support/http-client.ts';
import { serviceEntry } from '../../test/support/manifests.ts';
import { serveApi } from './serve.ts';

type Headers = Readonly<Record<string, string>>;

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** What a browser gets with the page. */
async function openPage(port: number, headers: Headers = {}) {
  const page = await httpCall({ port, host: `127.0.0.1:${port}`, headers });
  const setCookie = [page.headers['set-cookie'] ?? []].flat()[0];
  const token = /<meta name="sallyport-session" content="([^"]+)">/.exec(page.body)?.[1] ?? '';
  return { setCookie, cookie: setCookie?.split(';')[0] ?? '', token };
}

function apply(port: number, headers: Headers, host = `127.0.0.1:${port}`): Promise<HttpAnswer> {
  const body = JSON.stringify([serviceEntry('a')]);
  return httpCall({ port, host, method: 'POST', path: '/v1/objects', headers, body });
}

async function started(t: TestContext) {
  const plane = await startControlPlane(t);
  const port = portOf(plane.url);
  return { ...plane, port, ...(await openPage(port)) };
}

test('with the cookie and the token of the page everything works as over the socket', async (t) => {
  const { port, cookie, token, store, setCookie } = await started(t);
  assert.match(setCookie ?? '', /^sallyport_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  const session = { cookie, 'x-sallyport-session': token, origin: `http://127.0.0.1:${port}` };
  assert.match((await apply(port, session)).body, /"outcome":"created"/);
  const change = (method: string, body = '') =>
    httpCall({
      port,
      host: 'localhost',
      method,
      path: '/v1/objects/se/a',
      headers: { ...session, origin: 'http://localhost' },
      body,
    });
  assert.match((await change('PATCH', '{"spec":{"hosts":["b.example.com"]}}')).body, /"outcome":"configured"/);
  assert.equal((await change('DELETE')).status, 200);
  assert.equal((await store.list({ group: 'networking.istio.io', kind: 'ServiceEntry' })).items.length, 0);
});

test('a cookie that is there stays, and belongs to its token in every tab', async (t) => {
  const { port, cookie, token } = await started(t);
  assert.deepEqual(await openPage(port, { cookie }), { setCookie: undefined, cookie: '', token });
  const other = await openPage(port, { cookie: 'sallyport_session=short' });
  assert.notEqual(other.cookie, '');
});

const refused: readonly (readonly [string, (session: { cookie: string; token: string; port: number }) => Headers])[] = [
  ['nothing', () => ({})],
  ['no cookie', ({ token }) => ({ 'x-sallyport-session': token })],
  ['no header', ({ cookie }) => ({ cookie })],
  ['a form', ({ cookie }) => ({ cookie, 'content-type': 'application/x-www-form-urlencoded' })],
  ['an empty header', ({ cookie }) => ({ cookie, 'x-sallyport-session': '' })],
  ['another header', ({ cookie, token }) => ({ cookie, 'x-sallyport-session': `${token.slice(0, -1)}!` })],
  ['the cookie as its token', ({ cookie }) => ({ cookie, 'x-sallyport-session': cookie.split('=')[1] ?? '' })],
  ['another cookie', ({ token }) => ({ cookie: `sallyport_session=${'A'.repeat(43)}`, 'x-sallyport-session': token })],
];

for (const [name, headersOf] of refused) {
  test(`a change with ${name} is refused, and says what to do`, async (t) => {
    const session = await started(t);
    const { status, body } = await apply(session.port, headersOf(session));
    assert.equal(status, 403);
    assert.deepEqual(JSON.parse(body), {
      code: 'SP_NO_SESSION',
      message: 'changes over TCP need a session of the dashboard',
      hint: 'reload the page; programs use the sallyport command',
    });
    assert.equal(
      await session.store.get({ group: 'networking.istio.io', kind: 'ServiceEntry', namespace: 'default', name: 'a' }),
      undefined,
    );
  });
}

test('a session of another process is none', async (t) => {
  const [one, other] = [await started(t), await started(t)];
  const session = { cookie: one.cookie, 'x-sallyport-session': one.token };
  assert.equal((await apply(other.port, session)).status, 403);
  assert.equal((await apply(one.port, session)).status, 200);
});

test('a session helps no page of another site', async (t) => {
  const { port, cookie, token } = await started(t);
  const session = { cookie, 'x-sallyport-session': token };
  assert.match((await apply(port, { ...session, origin: 'http://evil.com' })).body, /SP_FOREIGN_ORIGIN/);
  assert.match((await apply(port, { ...session, origin: 'null' })).body, /SP_FOREIGN_ORIGIN/);
  assert.match((await apply(port, session, 'evil.com')).body, /SP_FOREIGN_HOST/);
});

test('a session enters no workload and reads no secret', async (t) => {
  const { port, cookie, token, store } = await started(t);
  const headers = { cookie, 'x-sallyport-session': token };
  await store.apply([
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key', namespace: 'default' }, data: { a: 'aHVzaA==' } },
  ]);
  const get = (path: string) => httpCall({ port, host: 'localhost', path, headers });
  assert.equal((await get('/v1/pods/default/echo/exec')).status, 403);
  assert.doesNotMatch((await get('/v1/objects/secret/key')).body, /aHVzaA/);
});

test('off loopback there are no sessions', async (t) => {
  const { deps, folder } = await startControlPlane(t);
  const socketPath = `${folder.runPath}/other.sock`;
  const server = await serveApi(deps, { socketPath, tcp: { host: '0.0.0.0', port: 0 } });
  t.after(server.close);
  const port = server.tcp?.port ?? 0;
  assert.deepEqual(await openPage(port), { setCookie: undefined, cookie: '', token: '' });
  assert.match((await apply(port, {})).body, /SP_NO_SESSION.*listen on a loopback address/);
});
