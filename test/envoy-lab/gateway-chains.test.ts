// The chains of a gateway's listener: chosen by SNI through one matcher, so that servers come, go and change their hosts
// while connections of others go on.
import assert from 'node:assert/strict';
import { Agent } from 'node:https';
import { test } from 'node:test';
import { buildGatewayListener } from '../../src/envoy/gateway-listener.ts';
import { type Listener, ListenerSchema } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { buildTcpProxy } from '../../src/envoy/network-filters.ts';
import { createTestAuthority } from '../support/certificates.ts';
import type { Scope } from '../support/envoy-process.ts';
import { requestOver, tcpConnect, tlsHandshake } from '../support/http-client.ts';
import { httpsCall } from '../support/https-client.ts';
import { startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { type GatewayServer, gatewayListener, routesTo } from './gateway-mesh.ts';
import { certificateSecret, resourceOf, rootsSecret, startSecretMesh, tlsCluster } from './secret-mesh.ts';

const certificateSecrets = ['server'];

async function start(t: Scope, servers: (port: number) => Listener, routes: readonly string[] = []) {
  const authority = await createTestAuthority();
  const outside = await startOutsideHttp({ t, tls: await authority.issue({ commonName: 'up.test' }) });
  const port = await freePort();
  const mesh = await startSecretMesh(t, {
    clusters: [tlsCluster('up', outside.port, { validationSecret: 'roots', sni: 'up.test' })],
    listeners: [servers(port)],
    routes: routes.map((name) => routesTo(name, 'up')),
    secrets: [
      ...(routes.length === 0 ? [] : [certificateSecret('server', await authority.issue({ commonName: 'server' }))]),
      rootsSecret('roots', authority.root),
    ],
  });
  const change = async (listener: Listener, version: string) =>
    mesh.stream.push({ type: 'LDS', resources: [resourceOf(ListenerSchema, listener.name, listener, version)] });
  const passes = async (host: string) =>
    httpsCall({ port, host }).then(
      ({ status }) => status === 200,
      () => false,
    );
  return { ...mesh, port, change, passes };
}

function server(name: string, hosts: readonly string[], tls: GatewayServer['tls'] = {}): GatewayServer {
  return { name, hosts, tls: { certificateSecrets, ...tls } };
}

test('hosts and servers more or less: no chain of another server drains, open connections go on', async (t) => {
  const a = server('a', ['a.test']);
  const mesh = await start(t, (port) => gatewayListener(port, [a, server('b', ['b.test'])]), ['a', 'b']);
  const { envoy, stream, port, change, passes } = mesh;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const held = async () => (await httpsCall({ port, host: 'a.test', agent })).localPort;
  const first = await held();
  const draining = () => envoy.stat('listener_manager.total_filter_chains_draining');
  assert.deepEqual([await passes('b.test'), await passes('x.wild.test'), await passes('c.test')], [true, false, false]);

  await change(gatewayListener(port, [a, server('b', ['b.test', '*.wild.test'])]), '2');
  await until('the new host passes', () => passes('x.wild.test'));
  assert.deepEqual([await held(), await draining()], [first, 0]);

  await change(gatewayListener(port, [a, server('b', ['*.wild.test']), server('c', ['c.test'])]), '3');
  await stream.requests.find(({ resourceNamesSubscribe: names }) => names.includes('c'));
  await stream.push({ type: 'RDS', resources: [routesTo('c', 'up')] });
  await until('the new server passes', () => passes('c.test'));
  assert.deepEqual([await passes('b.test'), await held(), await draining()], [false, first, 0]);

  await change(gatewayListener(port, [a, server('c', ['c.test'])]), '4');
  await until('the server is gone', async () => !(await passes('x.wild.test')));
  assert.deepEqual([await held(), await draining()], [first, 1]);

  await change(
    gatewayListener(port, [a, server('c', ['c.test'], { requireClientCertificate: true, validationSecret: 'roots' })]),
    '5',
  );
  await until('the server asks for certificates', async () => !(await passes('c.test')));
  assert.deepEqual([await held(), await draining()], [first, 2]);
  assert.equal(await envoy.stat('listener_manager.listener_in_place_updated'), 4);
});

test('an exact name goes before a wildcard, and that before `*`; without an SNI only `*` serves', async (t) => {
  const bodies = (port: number) =>
    buildGatewayListener({
      name: 'gateway',
      bind: { port },
      tlsChains: (['exact', 'wild', 'every'] as const).map((name) => ({
        name,
        serverNames: { exact: ['a.wild.test'], wild: ['*.wild.test'], every: ['*'] }[name],
        filters: [buildTcpProxy({ statPrefix: name, cluster: `to ${name}`, accessLog: [] })],
      })),
      accessLog: [],
    });
  const { port, envoy } = await start(t, bodies);
  for (const [sni, chain] of [
    ['a.wild.test', 'exact'],
    ['A.wild.test', 'exact'],
    ['b.wild.test', 'wild'],
    ['c.b.wild.test', 'wild'],
    ['wild.test', 'every'],
    [undefined, 'every'],
  ] as const) {
    const stat = `tcp.${chain}.downstream_cx_total`;
    const before = await envoy.stat(stat);
    assert.equal((await tlsHandshake(port, sni)).ok, false, 'there are no such clusters');
    assert.equal(await envoy.stat(stat), before + 1, `${sni} → ${chain}`);
  }
});

test('TLS that passes through: shares of connections by weight, and what is not TLS is closed', async (t) => {
  const authority = await createTestAuthority();
  const servers = [];
  for (const commonName of ['one', 'two']) {
    servers.push(await startOutsideHttp({ t, tls: await authority.issue({ commonName }) }));
  }
  const [one, two] = servers.map(({ port }, index) => ({
    ...tlsCluster(`s${index}`, port, {}),
    transportSocket: undefined,
  }));
  assert.ok(one !== undefined && two !== undefined);
  const port = await freePort();
  const weighted = [
    { cluster: 's0', weight: 1 },
    { cluster: 's1', weight: 3 },
  ];
  const filters = [buildTcpProxy({ statPrefix: 'pass', cluster: weighted, accessLog: [] })];
  await startSecretMesh(t, {
    clusters: [one, two],
    listeners: [
      buildGatewayListener({
        name: 'gateway',
        bind: { port },
        tlsChains: [{ name: 'pass', serverNames: ['a.test'], filters }],
        accessLog: [],
      }),
    ],
  });
  const shown = new Map<string | undefined, number>();
  for (let request = 0; request < 100; request++) {
    const { certificate } = await httpsCall({ port, host: 'a.test' });
    shown.set(certificate, (shown.get(certificate) ?? 0) + 1);
  }
  // Expected 75, six standard deviations are 26.
  const share = shown.get('two') ?? 0;
  assert.ok(share > 49 && share < 100, `${share} of 100`);
  assert.equal(share + (shown.get('one') ?? 0), 100);
  const plain = await requestOver(await tcpConnect(port)).catch(() => 'reset');
  assert.ok(plain === '' || plain === 'reset', plain);
});

test('raw TCP: a connection where nothing passes is closed after the idle time-out, an old one at its age', async (t) => {
  const outside = await startOutsideTcp({ t });
  for (const limit of [{ idleTimeoutMs: 200 }, { maxConnectionDurationMs: 200 }]) {
    const port = await freePort();
    const filters = [buildTcpProxy({ statPrefix: 'raw', cluster: 'raw', accessLog: [], ...limit })];
    const cluster = { ...tlsCluster('raw', outside.port, {}), transportSocket: undefined };
    await startSecretMesh(t, {
      clusters: [cluster],
      listeners: [
        buildGatewayListener({
          name: 'gateway',
          bind: { port },
          tlsChains: [],
          plainChain: { name: 'raw', filters },
          accessLog: [],
        }),
      ],
    });
    const started = performance.now();
    assert.match(await requestOver(await tcpConnect(port)), /^GET/, 'echoed');
    const ms = performance.now() - started;
    assert.ok(ms >= 190 && ms < 5000, `${ms} ms`);
  }
});
