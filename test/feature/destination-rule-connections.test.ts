// What a DestinationRule does to connections: through a company's proxy by CONNECT or POST, with a PROXY line before
// anything else, and to the address that the caller chose where it is trusted (istio-semantics 4.4).
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { ask, bodyOf, overTls, statusOf } from '../support/calls.ts';
import { type AskedConnection, startConnectProxy } from '../support/connect-proxy.ts';
import type { Journal } from '../support/journal.ts';
import { type ServicePort, serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { destinationRule, outboundPolicy, virtualService } from '../support/networking.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const proxyHost = 'proxy.corp.test';
const tls: ServicePort = { number: 443, name: 'tls', protocol: 'TLS' };
const far = '198.51.100.232';
const elsewhere = '198.51.100.233';

const tunnels =
  serviceEntry('proxy', { hosts: [proxyHost], ports: [{ number: 3128, name: 'proxy', protocol: 'TCP' }] }) +
  destinationRule('proxy', {
    host: proxyHost,
    subsets: [
      { name: 'far', trafficPolicy: { tunnel: { targetHost: 'far.test', targetPort: 443 } } },
      { name: 'db', trafficPolicy: { tunnel: { protocol: 'POST', targetHost: 'db.test', targetPort: 5432 } } },
      { name: 'closed', trafficPolicy: { tunnel: { targetHost: 'closed.test', targetPort: 443 } } },
    ],
  });
const through = (subset: string) => ({ destination: { host: proxyHost, subset, port: { number: 3128 } } });
const byName =
  serviceEntry('far', { hosts: ['far.test', 'closed.test'], ports: [tls] }) +
  virtualService('far', {
    hosts: ['far.test', 'closed.test'],
    tls: [
      { match: [{ sniHosts: ['far.test'] }], route: [through('far')] },
      { match: [{ sniHosts: ['closed.test'] }], route: [through('closed')] },
    ],
  });
const byAddress =
  serviceEntry('db', {
    hosts: ['db.test'],
    addresses: ['192.0.2.77'],
    ports: [{ number: 5432, name: 'db', protocol: 'TCP' }],
  }) + virtualService('db', { hosts: ['db.test'], tcp: [{ route: [through('db')] }] });

describe('DestinationRule: connections', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  let mesh: TestMesh;
  let caller: Workload;
  let asked: Journal<AskedConnection>;
  let secure: OutsideHttp;
  let lines: OutsideTcp;
  let resolve: readonly string[];

  before(async () => {
    const proxyAddress = outsideAddress(231);
    outsideAddress(232);
    outsideAddress(233);
    secure = await startOutsideHttp({ t: scope, address: far, port: 443, tls: true });
    const echo = await startOutsideTcp({ t: scope, address: far, port: 5432 });
    lines = await startOutsideTcp({
      t: scope,
      address: far,
      port: 80,
      serve: ({ socket }) => {
        socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nlines'));
      },
    });
    for (const [address, body] of [
      [far, 'far'],
      [elsewhere, 'elsewhere'],
    ] as const) {
      await startOutsideHttp({ t: scope, address, port: 8080, respond: (_, answer) => answer.end(body) });
    }
    const places = new Map([
      ['far.test:443', { address: far, port: 443 }],
      ['db.test:5432', { address: far, port: echo.port }],
    ]);
    asked = await startConnectProxy({ t: scope, address: proxyAddress, port: 3128, places });
    const names = ['far.test', 'closed.test', 'plain.test', 'lined.test', 'trusted.test', 'untrusted.test'];
    resolve = [`${proxyHost}=${proxyAddress}`, ...names.map((name) => `${name}=${far}`)].flatMap((rule) => [
      '--resolve',
      rule,
    ]);
    mesh = await startMesh(scope, { up: resolve });
    await mesh.apply(outboundPolicy('REGISTRY_ONLY'));
    await mesh.apply(tunnels);
    caller = await mesh.workload('caller');
  });

  it('passes TLS through the tunnel that its SNI leads to', async () => {
    await mesh.apply(byName);
    await until('the tunnel is open', async () => (await overTls(caller, 'far.test')) === 'HTTP/1.1 200 OK');
    const request = asked.items.at(-1);
    assert.deepEqual(request, { method: 'CONNECT', authority: 'far.test:443', headers: ['host'] });
    assert.equal(secure.requests.items.at(-1)?.sni, 'far.test');
    const reached = secure.connections.items.length;
    // What the proxy refuses has no other way.
    assert.equal(await overTls(caller, 'closed.test'), 'ECONNRESET');
    assert.equal(asked.items.at(-1)?.authority, 'closed.test:443');
    assert.equal(secure.connections.items.length, reached);
  });

  it('passes raw connections through a tunnel by POST', async () => {
    await mesh.apply(byAddress);
    const echo = () => caller.perform({ do: 'tcp', host: '192.0.2.77', port: 5432, send: 'select 1', expect: 8 });
    await until('the tunnel is open', async () => (await echo()).text === 'select 1');
    const { method, authority, headers } = asked.items.at(-1) ?? assert.fail();
    assert.deepEqual([method, authority], ['POST', 'db.test:5432']);
    assert.deepEqual(
      headers.filter((name) => name.startsWith('x-')),
      [],
    );
  });

  it('says whose connection it is before anything else', async () => {
    const lined = (proxyProtocol: object) =>
      destinationRule('lined', { host: 'lined.test', trafficPolicy: { proxyProtocol } });
    await mesh.apply(serviceEntry('lined', { hosts: ['lined.test'] }) + lined({}));
    await until('it is open', async () => (await bodyOf(caller, 'lined.test')) === 'lines');
    const first = () => Buffer.concat([...(lines.connections.items.at(-1)?.received.items ?? [])]);
    await until('a line stands first', async () => {
      await statusOf(caller, 'lined.test');
      return first().toString('latin1').startsWith('PROXY ');
    });
    assert.match(first().toString('latin1'), /^PROXY TCP4 [\d.]+ [\d.]+ \d+ \d+\r\nGET \/ HTTP\/1\.1\r\n/);
    await mesh.apply(lined({ version: 'V2' }));
    await until('it is in binary', async () => {
      await statusOf(caller, 'lined.test');
      return first().subarray(0, 12).equals(Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'));
    });
  });

  it('follows the address of the caller where the annotation trusts it, and nowhere else', async () => {
    const port: ServicePort = { number: 8080, name: 'http', protocol: 'HTTP' };
    const rule = (name: string, annotations: Readonly<Record<string, string>>) =>
      destinationRule(
        name,
        { host: `${name}.test`, trafficPolicy: { loadBalancer: { simple: 'PASSTHROUGH' } } },
        { annotations },
      );
    await mesh.apply(
      serviceEntry('followed', { hosts: ['trusted.test', 'untrusted.test'], ports: [port] }) +
        rule('trusted', { 'egress.sallyport.dev/original-destination': 'trust' }) +
        rule('untrusted', {}),
    );
    const naming = async (name: string) => {
      const { status, body } = await ask(caller, elsewhere, { port: 8080, headers: { host: `${name}.test:8080` } });
      return status === 200 ? body : status;
    };
    await until('the caller is followed', async () => (await naming('trusted')) === 'elsewhere');
    await until('the other is open', async () => (await bodyOf(caller, 'untrusted.test', { port: 8080 })) === 'far');
    assert.equal(await naming('untrusted'), 'far');
    assert.equal(await bodyOf(caller, 'trusted.test', { port: 8080 }), 'far');
  });

  it('passes TLS through the tunnel where programs ask their proxy, and no connection around one', async () => {
    const proxied = await startMesh(scope, { up: ['--capture', 'proxy', ...resolve] });
    await proxied.apply(outboundPolicy('REGISTRY_ONLY'));
    await proxied.apply(tunnels + byName + byAddress);
    const asking = await proxied.workload('caller');
    await until('the tunnel is open', async () => (await overTls(asking, 'far.test')) === 'HTTP/1.1 200 OK');
    const { method, authority } = asked.items.at(-1) ?? assert.fail();
    assert.deepEqual([method, authority], ['CONNECT', 'far.test:443']);
    const before = asked.items.length;
    const { error } = await asking.perform({ do: 'tls', host: 'db.test', port: 5432 });
    assert.match(error ?? '', /403/);
    assert.equal(asked.items.length, before);
  });
});
