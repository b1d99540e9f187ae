// The simulated internet as a process: its answers, its certificates, and what it tells about who came.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { httpCall } from '../../test/support/http-client.ts';
import { httpsCall } from '../../test/support/https-client.ts';
import { freePort } from '../../test/support/ports.ts';
import { type Program, startListening, startProgram } from '../testing/program.ts';
import { httpPort, httpsPort, internetHosts, resolveRules } from './hosts.ts';

interface Internet extends Program {
  readonly http: number;
  readonly https: number;
  readonly ca: string;
}

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-pki-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'pki');
}

async function startInternet(t: TestContext, folder = newFolder(t)): Promise<Internet> {
  const [http, https] = [await freePort(), await freePort()];
  const env = { INTERNET_HTTP: String(http), INTERNET_HTTPS: String(https), PKI_DIR: folder };
  const program = await startListening(t, 'internet/main.ts', env);
  return { ...program, http, https, ca: readFileSync(join(folder, 'ca.pem'), 'utf8') };
}

/** A handshake in which Node itself checks chain, name and dates. */
async function handshake(port: number, servername: string | undefined, ca: string): Promise<TLSSocket> {
  const name = servername === undefined ? {} : { servername };
  const socket = connect({ host: '127.0.0.1', port, ca, ...name });
  await once(socket, 'secureConnect');
  return socket;
}

async function certificateOf(port: number, servername: string, ca: string): Promise<PeerCertificate> {
  const socket = await handshake(port, servername, ca);
  const certificate = socket.getPeerCertificate();
  socket.destroy();
  return certificate;
}

test('httpbin.org says what it was asked', async (t) => {
  const { http, lines } = await startInternet(t);
  const get = (path: string) => httpCall({ port: http, host: 'httpbin.org', path, headers: { 'x-team': 'blue' } });
  const answer = await get('/get?a=1&b=%C3%A4');
  assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'application/json']);
  assert.deepEqual(JSON.parse(answer.body), {
    args: { a: '1', b: 'ä' },
    headers: { Connection: 'close', Host: 'httpbin.org', 'X-Team': 'blue' },
    origin: '127.0.0.1',
    url: 'http://httpbin.org/get?a=1&b=%C3%A4',
  });
  await lines.find((line) => line === 'internet http httpbin.org GET /get?a=1&b=%C3%A4 -> 200 from 127.0.0.1');
  assert.match((await get('/')).headers['content-type']?.toString() ?? '', /^text\/html/);
  assert.deepEqual(JSON.parse((await get('/ip')).body), { origin: '127.0.0.1' });
  assert.equal(JSON.parse((await get('/headers')).body).headers.Host, 'httpbin.org');
  assert.match(JSON.parse((await get('/uuid')).body).uuid, /^[0-9a-f-]{36}$/);
  assert.equal((await get('/status/418')).status, 418);
  assert.equal((await get('/status/101')).status, 400);
  assert.equal((await get('/nothing')).status, 404);
  assert.equal((await get('/post')).status, 405);
});

test('bodies are shown, counted and told', async (t) => {
  const { http, lines } = await startInternet(t);
  const post = { port: http, method: 'POST', body: 'päng' };
  const answer = JSON.parse((await httpCall({ ...post, host: 'httpbin.org', path: '/anything/x' })).body);
  assert.deepEqual([answer.method, answer.data, answer.url], ['POST', 'päng', 'http://httpbin.org/anything/x']);
  assert.match((await httpCall({ ...post, host: 'pastebin.com' })).body, /^https:\/\/pastebin.com\/\w{8}\n$/);
  await lines.find((line) => line === 'internet http pastebin.com POST / -> 200 from 127.0.0.1, 5 bytes sent');
});

test('a delay is kept, and bounded', async (t) => {
  const { http } = await startInternet(t);
  const started = performance.now();
  const get = (path: string) => httpCall({ port: http, host: 'httpbin.org', path });
  assert.equal((await get('/delay/0.2')).status, 200);
  assert.ok(performance.now() - started >= 190);
  assert.equal((await get('/delay/forever')).status, 400);
  assert.equal((await get('/delay/-1')).status, 400);
});

test('every host answers by its name; one that nobody has is 404', async (t) => {
  const { http } = await startInternet(t);
  for (const host of internetHosts) {
    const { status, body } = await httpCall({ port: http, host });
    const other = host === 'hooks.slack.com' || host.startsWith('hello-istio-');
    assert.ok(status === 200 || other, `${host}: ${status}`);
    assert.doesNotMatch(body, /^nobody here/, host);
  }
  const upper = await httpCall({ port: http, host: 'HTTPBIN.org:80', path: '/ip' });
  assert.equal(upper.status, 200);
  const unknown = await httpCall({ port: http, host: 'evil.test' });
  assert.deepEqual([unknown.status, unknown.body], [404, 'nobody here is called evil.test\n']);
});

test('counts of what arrived, under a name of its own only', async (t) => {
  const { http } = await startInternet(t);
  const path = '/__sim/requests';
  for (const host of ['httpbin.org', 'evil.test', 'httpbin.org', '__proto__']) await httpCall({ port: http, host });
  const { body } = await httpCall({ port: http, host: 'internet.sim', path });
  assert.deepEqual(Object.entries(JSON.parse(body)), [
    ['httpbin.org', 2],
    ['evil.test', 1],
    ['__proto__', 1],
  ]);
  assert.equal((await httpCall({ port: http, host: 'httpbin.org', path })).status, 404);
  assert.equal((await httpCall({ port: http, host: 'internet.sim', path: '/other' })).status, 404);
});

test('v1 and v2 speak over TLS only; how a request came is told by SNI and Host', async (t) => {
  const { http, https } = await startInternet(t);
  const [v1, v2] = ['v1', 'v2'].map((version) => `hello-istio-${version}.apps.coachella.cf-app.com`);
  assert.ok(v1 !== undefined && v2 !== undefined);
  assert.equal((await httpCall({ port: http, host: v1 })).status, 403);
  assert.equal((await httpsCall({ port: https, host: v1 })).body, 'Hello K8s, from CF v1 service!');
  assert.equal((await httpsCall({ port: https, host: v1 })).status, 200);
  assert.equal((await httpsCall({ port: https, host: v2, path: '/status/500?x' })).status, 500);
  const of = (host: string) => httpCall({ port: http, host: 'internet.sim', path: `/__sim/arrivals?host=${host}` });
  assert.equal(
    (await of('.cf-app.com')).body,
    [
      `COUNT  BY     SNI${' '.repeat(39)}HOST${' '.repeat(38)}REQUEST`,
      `1      http   -${' '.repeat(41)}${v1}  GET /`,
      `2      https  ${v1}  ${v1}  GET /`,
      `1      https  ${v2}  ${v2}  GET /status/500\n`,
    ].join('\n'),
  );
  assert.equal((await of('nowhere.test')).body, 'COUNT  BY  SNI  HOST  REQUEST\n');
});

test('each host has a certificate of its own, which the authority vouches for', async (t) => {
  const { https, ca } = await startInternet(t);
  for (const host of internetHosts) {
    const { subjectaltname, valid_from, valid_to } = await certificateOf(https, host, ca);
    assert.equal(subjectaltname, `DNS:${host}`);
    const days = (Date.parse(valid_to) - Date.parse(valid_from)) / 86_400_000;
    assert.ok(days > 7 && days < 7.1, `${days} days`);
  }
  const [one, other] = await Promise.all([0, 1].map(() => certificateOf(https, 'example.com', ca)));
  assert.equal(one?.fingerprint256, other?.fingerprint256);
  const outgoing = request({
    host: '127.0.0.1',
    port: https,
    path: '/get',
    ca,
    servername: 'httpbin.org',
    headers: { host: 'httpbin.org' },
  });
  outgoing.end();
  const [response] = await once(outgoing, 'response');
  const answer = await json(response);
  assert.ok(typeof answer === 'object' && answer !== null && 'url' in answer);
  assert.equal(answer.url, 'https://httpbin.org/get');
});

test('no handshake for a name that nobody has, or without one; a stranger does not trust the authority', async (t) => {
  const { https, ca, lines } = await startInternet(t);
  await assert.rejects(handshake(https, 'evil.test', ca));
  await lines.find((line) => line === 'internet https handshake failed: nobody here is called evil.test');
  await assert.rejects(handshake(https, undefined, ca));
  await lines.find((line) => line === 'internet https handshake failed: no host was named');
  const { ca: otherAuthority } = await startInternet(t);
  await assert.rejects(handshake(https, 'httpbin.org', otherAuthority), /certificate/);
});

test('the authority outlives a restart; its key is nobody else’s to read', async (t) => {
  const folder = newFolder(t);
  const first = await startInternet(t, folder);
  const modes = ['.', 'ca.key', 'ca.pem'].map((name) => statSync(join(folder, name)).mode & 0o777);
  assert.deepEqual(modes, [0o700, 0o600, 0o644]);
  first.process.kill('SIGTERM');
  assert.equal((await first.ended).code, 0);
  // The key alone is enough: who trusts the old certificate trusts what the new one signs.
  rmSync(join(folder, 'ca.pem'));
  const second = await startInternet(t, folder);
  const { subjectaltname } = await certificateOf(second.https, 'httpbin.org', first.ca);
  assert.equal(subjectaltname, 'DNS:httpbin.org');
});

test('a folder that holds no authority is one clear line', async (t) => {
  const folder = newFolder(t);
  const first = await startInternet(t, folder);
  first.process.kill('SIGTERM');
  await first.ended;
  chmodSync(folder, 0o700);
  writeFileSync(join(folder, 'ca.key'), 'rubbish');
  const env = { INTERNET_HTTP: String(await freePort()), INTERNET_HTTPS: String(await freePort()), PKI_DIR: folder };
  const program = startProgram(t, 'internet/main.ts', env);
  assert.equal((await program.ended).code, 1);
  assert.equal(program.lines.items.length, 1);
  assert.match(program.lines.items[0] ?? '', new RegExp(`^internet error: no certificate authority in ${folder}: `));
});

test('rules for --resolve send every host and both ports to one address', () => {
  const rules = resolveRules('192.0.2.7');
  assert.equal(rules.length, 2 * internetHosts.length);
  assert.ok(rules.includes(`httpbin.org:80=192.0.2.7:${httpPort}`));
  assert.ok(rules.includes(`pastebin.com:443=192.0.2.7:${httpsPort}`));
});
