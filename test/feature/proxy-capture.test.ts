// A mesh as any user can have it: programs are told of their proxy, and what they send there obeys the policy (contract
// lines 14, 19, 20). Programs are the demo's HTTP client and Node's own fetch; outside servers stand on loopback.
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { before, describe, it } from 'node:test';
import { serviceEntry, startMesh, type TestMesh } from '../support/mesh.ts';
import { type OutsideHttp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { authorityFile } from '../support/tls-fixtures.ts';
import { until } from '../support/until.ts';

const client = resolve(import.meta.dirname, '../../demo/client/curl.cjs');
const address = '127.253.0.9';
const allowed = `{"metadata":{"annotations":{"egress.sallyport.dev/allowed-ranges":"${address}/32"}}}`;
const https = [{ number: 443, name: 'https', protocol: 'HTTPS' }];

describe('proxy capture', () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let plain: OutsideHttp;
  let secure: OutsideHttp;
  /** Names, and the ports where they are. */
  const databases = new Map<string, number>();

  before(async () => {
    plain = await startOutsideHttp({ t: scope, address });
    secure = await startOutsideHttp({ t: scope, address, tls: true });
    for (const name of ['orders', 'users']) {
      const { port } = await startOutsideTcp({ t: scope, address, serve: ({ socket }) => socket.end(name) });
      databases.set(name, port);
    }
    const hosts = ['open.example.test', 'closed.example.test'];
    const rules = hosts.flatMap((host) => [
      `${host}:80=${address}:${plain.port}`,
      `${host}:443=${address}:${secure.port}`,
    ]);
    for (const [name, port] of databases) rules.push(`${name}.example.test:5432=${address}:${port}`);
    mesh = await startMesh(scope, { up: ['--capture', 'proxy', ...rules.flatMap((rule) => ['--resolve', rule])] });
    await mesh.run('patch', 'istio', 'mesh', '-n', 'istio-system', '--type', 'merge', '-p', allowed);
    await mesh.run('run', '--name', 'caller', '--detach', '--', 'sleep', 'infinity');
  });

  /** Exit code and output of the client inside the workload. */
  const curl = (...args: readonly string[]) =>
    mesh.cli('exec', 'caller', '--', process.execPath, client, '--cacert', authorityFile, ...args);

  async function statusOf(url: string): Promise<string> {
    return (await curl('-s', '-o', '/dev/null', '-w', '%{http_code}', url)).stdout;
  }

  it('says what it governs wherever a policy is shown, and nowhere in an answer', async () => {
    const shown = await mesh.cli('istio', 'outbound-traffic-policy');
    assert.equal(shown.stdout, 'mesh wide outbound traffic policy is not found\n');
    assert.match(shown.stderr, /^note: proxy capture: only traffic that a program sends to its proxy is governed\n$/);
    assert.match((await mesh.cli('get', 'istio', '-n', 'istio-system')).stderr, /proxy capture/);
  });

  it('passes everything while nothing is restricted, HTTP and HTTPS', async () => {
    assert.equal(await statusOf('http://closed.example.test/'), '200');
    assert.equal(await statusOf('https://closed.example.test/'), '200');
    const log = await until('both are logged', async () => {
      const lines = await mesh.run('logs', 'caller', '-c', 'istio-proxy');
      return lines.split('\n').filter((line) => line.includes(' PassthroughCluster ')).length === 2 && lines;
    });
    assert.match(log, /"GET \/ HTTP\/1\.1" 200 .*"closed\.example\.test"/);
    assert.match(log, /closed\.example\.test:443/);
  });

  it('refuses what is not registered, each in its way, and nothing of it leaves', async () => {
    await mesh.run('istio', 'otp', 'restricted');
    await mesh.apply(
      serviceEntry('open', { hosts: ['open.example.test'] }) +
        serviceEntry('open-tls', { hosts: ['open.example.test'], ports: https }),
    );
    await until('open is open', async () => (await statusOf('https://open.example.test/')) === '200');
    await until('closed is closed', async () => (await statusOf('http://closed.example.test/')) === '502');
    const before = [plain.requests.items.length, secure.connections.items.length];
    const blocked = await curl('-si', 'http://closed.example.test/');
    assert.match(blocked.stdout, /^HTTP\/1\.1 502 Bad Gateway\r\n/);
    assert.match(blocked.stdout, /\r\nserver: envoy\r\n/);
    assert.match(blocked.stdout, /\r\ncontent-length: 0\r\n/);
    const refused = await curl('-sS', 'https://closed.example.test/');
    assert.deepEqual([refused.code, refused.stdout], [56, '']);
    assert.match(refused.stderr, /response 403/);
    assert.deepEqual([plain.requests.items.length, secure.connections.items.length], before);
    for (const url of ['http://OPEN.example.test./', 'http://open.example.test:80/'])
      assert.equal(await statusOf(url), '200');
  });

  it('tells of a CONNECT whose TLS inside names another host, as a decision and an alert', async () => {
    const program = mesh.attach('caller');
    assert.equal(
      (await program.perform({ do: 'tls', host: 'open.example.test', sni: 'fronted.test' })).error,
      'ECONNRESET',
    );
    assert.equal((await program.perform({ do: 'tls', host: 'fronted.test' })).error !== undefined, true);
    assert.equal((await program.perform({ do: 'tls', host: 'open.example.test' })).error, undefined);
    assert.ok(!secure.connections.items.some(({ sni }) => sni === 'fronted.test'));
    const alert = await until('the alert', async () => {
      const { alerts } = JSON.parse(await mesh.run('alerts', '--kind', 'name-mismatch', '-o', 'json'));
      return alerts[0];
    });
    assert.deepEqual(alert.destination, { kind: 'blocked', host: 'fronted.test', port: 443 });
    assert.equal(alert.count, 1, 'a CONNECT that asks for what it names inside is none');
    assert.match(alert.reason, /^TLS inside a CONNECT for another host names fronted\.test:443/);
    const decisions = await mesh.run('logs', '--decisions', '-o', 'wide');
    assert.match(decisions, /blocked +default\/caller +fronted\.test:443 .* names-differ\)/);
  });

  it('judges the name inside the tunnel, not the one it was opened for', async () => {
    const lying = `
      const { connect } = require('node:net'), tls = require('node:tls');
      const proxy = new URL(process.env.HTTPS_PROXY);
      const socket = connect(Number(proxy.port), proxy.hostname);
      socket.write('CONNECT open.example.test:443 HTTP/1.1\\r\\nhost: open.example.test:443\\r\\n\\r\\n');
      socket.once('data', (answer) => {
        console.log(String(answer).split('\\r\\n')[0]);
        const inner = tls.connect({ socket, servername: 'closed.example.test', rejectUnauthorized: false });
        inner.on('secureConnect', () => console.log('connected'));
        inner.on('error', (error) => console.log(error.code));
      });`;
    const before = secure.connections.items.length;
    const { stdout } = await mesh.cli('exec', 'caller', '--', process.execPath, '-e', lying);
    assert.equal(stdout, 'HTTP/1.1 200 OK\nECONNRESET\n');
    assert.equal(secure.connections.items.length, before);
  });

  it('tells two databases on one port apart by the names that programs ask for', async () => {
    const ports = [{ number: 5432, name: 'tcp', protocol: 'TCP' }];
    const entry = (name: string) => serviceEntry(name, { hosts: [`${name}.example.test`], ports });
    await mesh.apply(entry('orders') + entry('users'));
    const asking = (name: string) => `
      const proxy = new URL(process.env.HTTPS_PROXY);
      const socket = require('node:net').connect(Number(proxy.port), proxy.hostname);
      socket.write('CONNECT ${name}.example.test:5432 HTTP/1.1\\r\\nhost: ${name}.example.test:5432\\r\\n\\r\\n');
      socket.on('data', (bytes) => process.stdout.write(bytes));`;
    const said = async (name: string) =>
      (await mesh.cli('exec', 'caller', '--', process.execPath, '-e', asking(name))).stdout;
    await until('both are there', async () => (await said('users')).endsWith('users'));
    for (const name of ['orders', 'users', 'orders']) assert.match(await said(name), new RegExp(`200 OK[^]*${name}$`));
    assert.doesNotMatch(await mesh.run('get', 'serviceentry', 'orders', '-o', 'yaml'), /240\.240/);
  });

  it("governs Node's own fetch", async () => {
    const fetching = (url: string) =>
      `fetch('${url}').then((answer) => console.log(answer.status), (error) => console.log(error.cause.cause.message))`;
    const outcome = (url: string) => mesh.run('exec', 'caller', '--', process.execPath, '-e', fetching(url));
    assert.equal(await outcome('http://open.example.test/'), '200\n');
    // It opens a tunnel for either.
    for (const scheme of ['http', 'https']) {
      assert.match(await outcome(`${scheme}://closed.example.test/`), /^Proxy response \(403\)/);
    }
  });

  it('carries calls between workloads through both sidecars, with HOST and PORT of their own', async () => {
    const server = `require('http').createServer((q, r) => r.end('web ' + q.headers.host)).listen(process.env.PORT, process.env.HOST)`;
    const words = ['--detach', '--port', '8080:http', '--label', 'app=web', '--', process.execPath, '-e', server];
    await mesh.run('run', '--name', 'web', ...words);
    await mesh.apply(`apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`);
    await until('it answers', async () => (await curl('-s', 'http://web/')).stdout === 'web web');
    await until('the other side has logged it', async () =>
      / inbound\|8080\|\| /.test(await mesh.run('logs', 'web', '-c', 'istio-proxy')),
    );
  });

  it('cannot change its way of capture while it is up', async () => {
    const { code, stderr } = await mesh.cli('up', '--detach', '--capture', 'redirect');
    assert.equal(code, 1);
    assert.match(stderr, /^error: .*capture.*\n.*down/);
  });
});
