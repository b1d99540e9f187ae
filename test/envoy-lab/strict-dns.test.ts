// Clusters resolved by DNS: which resolver they use, and what a name does that does not resolve.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import dnsPacket from 'dns-packet';
import { type Scope, startEnvoy } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import { startOutsideHttp, startOutsideUdp } from '../support/outside-server.ts';
import { until } from '../support/until.ts';
import { adsBootstrap, startXdsScript } from '../support/xds-script.ts';
import { accessLog, httpListener, type Json, loadAssignment, typed, virtualHost } from './envoy-json.ts';

const cluster = 'outbound|80||a.test';

/** A DNS server that answers 127.0.0.1 to every A query while `answering.yes`, else nothing. */
async function startDns(t: Scope, answering: { yes: boolean }) {
  const udp = await startOutsideUdp({
    t,
    respond: (bytes) => {
      if (!answering.yes) return undefined;
      const { id, questions = [] } = dnsPacket.decode(bytes);
      const answers = questions
        .filter(({ type }) => type === 'A')
        .map(({ name }) => ({ type: 'A', name, ttl: 60, data: '127.0.0.1' }) as const);
      const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE;
      return dnsPacket.encode({ type: 'response', ...(id === undefined ? {} : { id }), flags, questions, answers });
    },
  });
  const asked = () =>
    udp.datagrams.items.flatMap(({ bytes }) => (dnsPacket.decode(bytes).questions ?? []).map(({ name }) => name));
  const resolver = typed('envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig', {
    resolvers: [{ socket_address: { address: '127.0.0.1', port_value: udp.port } }],
    dns_resolver_options: { no_default_search_domain: true },
    query_timeout_seconds: 1,
    query_tries: 1,
  });
  return { asked, resolver: { name: 'envoy.network.dns_resolver.cares', typed_config: resolver } };
}

async function start(t: Scope) {
  const answering = { yes: true };
  const [dns, outside, xds] = [
    await startDns(t, answering),
    await startOutsideHttp({ t }),
    await startXdsScript({ t }),
  ];
  const { dynamic_resources, xdsCluster } = adsBootstrap(xds.address, { cds: true });
  const routes = { name: '80', validate_clusters: false, virtual_hosts: [virtualHost('all', ['*'], cluster)] };
  const access = accessLog('%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%');
  const listeners = [httpListener('80', { manager: { route_config: routes, access_log: access } })];
  const static_resources = { clusters: [xdsCluster], listeners };
  const bootstrap = { typed_dns_resolver_config: dns.resolver, dynamic_resources, static_resources };
  const starting = startEnvoy({ t, bootstrap });
  const stream = await xds.nextStream();
  await stream.subscription('CDS');
  await stream.push({ type: 'CDS', removed: ['none'] });
  const envoy = await starting;
  const port = await envoy.listenerPort('80');
  const ask = async () => {
    await httpCall({ port, host: 'a.test' });
    return envoy.stdout.next();
  };
  const send = (version: string, fields: Json) => {
    const assignment = loadAssignment(cluster, 'a.test', outside.port);
    const common = { name: cluster, type: 'STRICT_DNS', dns_lookup_family: 'V4_ONLY', load_assignment: assignment };
    return stream.send({ type: 'CDS', resources: [{ name: cluster, version, value: { ...common, ...fields } }] });
  };
  return { answering, dns, envoy, stream, ask, send };
}

test('a cluster whose DNS is silent warms: unknown to routes, and no CDS answer is acknowledged', async (t) => {
  const { answering, stream, envoy, ask, send } = await start(t);
  answering.yes = false;
  const nonce = send('1', { dns_refresh_rate: '1s' });
  await until('it warms', async () => (await envoy.stat('cluster_manager.warming_clusters')) === 1);
  assert.equal(await ask(), '503 NC cluster_not_found');
  assert.ok(stream.requests.items.every((request) => request.responseNonce !== nonce));
  answering.yes = true;
  await stream.acknowledged(nonce);
  await until('it serves', async () => (await ask()) === '200 - via_upstream');
});

test('wait_for_warm_on_init false: acknowledged at once, no healthy upstream until DNS answers', async (t) => {
  const { answering, stream, envoy, ask, send } = await start(t);
  answering.yes = false;
  await stream.acknowledged(send('1', { wait_for_warm_on_init: false, dns_refresh_rate: '1s' }), 900);
  assert.equal(await envoy.stat('cluster_manager.warming_clusters'), 0);
  assert.equal(await ask(), '503 UH no_healthy_upstream');
  answering.yes = true;
  await until('it serves', async () => (await ask()) === '200 - via_upstream');
});

for (const [wait, during] of [
  [true, '200 - via_upstream'],
  [false, '503 UH no_healthy_upstream'],
] as const) {
  test(`update while DNS is silent, wait_for_warm_on_init ${wait}: ${during}`, async (t) => {
    const { answering, stream, envoy, ask, send } = await start(t);
    await stream.acknowledged(send('1', { wait_for_warm_on_init: wait }));
    await until('it serves', async () => (await ask()) === '200 - via_upstream');
    answering.yes = false;
    send('2', { wait_for_warm_on_init: wait, connect_timeout: '2s' });
    await until('the update came', async () => (await envoy.stat('cluster_manager.cluster_modified')) === 1);
    assert.equal(await ask(), during);
  });
}

test('the bootstrap’s resolver is the default for STRICT_DNS and for dynamic_forward_proxy', async (t) => {
  const { dns, stream, ask, send } = await start(t);
  await stream.acknowledged(send('1', {}));
  await until('it serves', async () => (await ask()) === '200 - via_upstream');
  assert.deepEqual([...new Set(dns.asked())], ['a.test']);

  const outside = await startOutsideHttp({ t });
  const cache = { dns_cache_config: { name: 'cache', dns_lookup_family: 'V4_ONLY' } };
  const config = typed('envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig', cache);
  const forward = {
    name: 'forward',
    lb_policy: 'CLUSTER_PROVIDED',
    cluster_type: { name: 'envoy.clusters.dynamic_forward_proxy', typed_config: config },
  };
  const filter = {
    name: 'envoy.filters.http.dynamic_forward_proxy',
    typed_config: typed('envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig', cache),
  };
  const routes = { name: '80', virtual_hosts: [virtualHost('all', ['*'], 'forward')] };
  const listeners = [httpListener('80', { manager: { route_config: routes }, filters: [filter] })];
  const static_resources = { clusters: [forward], listeners };
  const envoy = await startEnvoy({ t, bootstrap: { typed_dns_resolver_config: dns.resolver, static_resources } });
  const port = await envoy.listenerPort('80');
  assert.equal((await httpCall({ port, host: `forward.test:${outside.port}` })).status, 200);
  assert.ok(dns.asked().includes('forward.test'));
});
