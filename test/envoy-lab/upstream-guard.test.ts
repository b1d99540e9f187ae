// Refusing addresses after a name was resolved, before anything is dialled: for HTTP by upstream_rbac, for TLS passed
// through by network rbac behind sni_dynamic_forward_proxy.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Scope, startEnvoy } from '../support/envoy-process.ts';
import { httpCall, requestOver, tlsHandshake } from '../support/http-client.ts';
import { startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import {
  accessLog,
  httpListener,
  type Json,
  listener,
  loadAssignment,
  tcpProxy,
  tlsInspector,
  typed,
  upstreamCodec,
  upstreamHttp,
  virtualHost,
} from './envoy-json.ts';

const cache = { dns_cache_config: { name: 'cache', dns_lookup_family: 'V4_ONLY' } };

/** RBAC rules that refuse the upstream address. */
function refuse(address: string): Json {
  const matcher = typed('envoy.extensions.rbac.matchers.upstream_ip_port.v3.UpstreamIpPortMatcher', {
    upstream_ip: { address_prefix: address, prefix_len: 32 },
  });
  const permissions = [{ matcher: { name: 'envoy.rbac.matchers.upstream_ip_port', typed_config: matcher } }];
  return { rules: { action: 'DENY', policies: { private: { principals: [{ any: true }], permissions } } } };
}

function upstreamRbac(address: string): Json {
  const config = typed('envoy.extensions.filters.http.rbac.v3.RBAC', refuse(address));
  return { name: 'envoy.filters.http.upstream_rbac', typed_config: config };
}

function strictDns(port: number, fields: Json = {}): Json {
  const load_assignment = loadAssignment('up', 'localhost', port);
  return { name: 'up', type: 'STRICT_DNS', dns_lookup_family: 'V4_ONLY', load_assignment, ...fields };
}

/** A dynamic_forward_proxy cluster; own HttpProtocolOptions without TLS need the insecure permission. */
function forwardProxy(fields: Json = {}): Json {
  const config = typed('envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig', {
    ...cache,
    allow_insecure_cluster_options: true,
  });
  const cluster_type = { name: 'envoy.clusters.dynamic_forward_proxy', typed_config: config };
  return { name: 'up', lb_policy: 'CLUSTER_PROVIDED', cluster_type, ...fields };
}

const forwardFilter = {
  name: 'envoy.filters.http.dynamic_forward_proxy',
  typed_config: typed('envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig', cache),
};

interface Variant {
  readonly name: string;
  readonly cluster: (port: number, refused: string) => Json;
  readonly filters?: readonly Json[];
  readonly router?: (refused: string) => Json;
}

const variants: readonly Variant[] = [
  {
    name: 'filter of a STRICT_DNS cluster',
    cluster: (port, refused) => strictDns(port, upstreamHttp('http1', [upstreamRbac(refused)])),
  },
  {
    name: 'filter of a dynamic_forward_proxy cluster',
    cluster: (_port, refused) => forwardProxy(upstreamHttp('http1', [upstreamRbac(refused)])),
    filters: [forwardFilter],
  },
  {
    name: 'upstream filter of the router, STRICT_DNS cluster',
    cluster: (port) => strictDns(port),
    router: (refused) => ({ upstream_http_filters: [upstreamRbac(refused), upstreamCodec] }),
  },
];

for (const { name, cluster, filters = [], router = () => ({}) } of variants) {
  test(`upstream_rbac as ${name}: the refused address is never dialled, others are`, async (t) => {
    const outside = await startOutsideHttp({ t });
    const ask = async (refused: string) => {
      const access_log = accessLog('%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %UPSTREAM_CLUSTER% %UPSTREAM_HOST%');
      const manager = { access_log, route_config: { name: '80', virtual_hosts: [virtualHost('all', ['*'], 'up')] } };
      const listeners = [httpListener('80', { manager, filters, router: router(refused) })];
      const clusters = [cluster(outside.port, refused)];
      const envoy = await startEnvoy({ t, bootstrap: { static_resources: { clusters, listeners } } });
      const { status } = await httpCall({ port: await envoy.listenerPort('80'), host: `localhost:${outside.port}` });
      return { status, line: await envoy.stdout.next() };
    };
    const address = `127.0.0.1:${outside.port}`;
    assert.deepEqual(await ask('127.0.0.1'), {
      status: 403,
      line: `403 rbac_access_denied_matched_policy[private] up ${address}`,
    });
    assert.equal(outside.connections.items.length, 0);
    assert.deepEqual(await ask('127.0.0.2'), { status: 200, line: `200 via_upstream up ${address}` });
  });
}

async function startSniForward(t: Scope, port: number, refused: string, tcpFields: Json) {
  const sni = typed('envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig', {
    ...cache,
    port_value: port,
    save_upstream_address: true,
  });
  const rbac = typed('envoy.extensions.filters.network.rbac.v3.RBAC', { stat_prefix: 'guard', ...refuse(refused) });
  const access_log = accessLog('flags=%RESPONSE_FLAGS% %CONNECTION_TERMINATION_DETAILS% up=%UPSTREAM_HOST%');
  const chain = [
    { name: 'envoy.filters.network.sni_dynamic_forward_proxy', typed_config: sni },
    { name: 'envoy.filters.network.rbac', typed_config: rbac },
    tcpProxy('up', { access_log, ...tcpFields }),
  ];
  const fields = { listener_filters: [tlsInspector], filter_chains: [{ filters: chain }] };
  const static_resources = { clusters: [forwardProxy()], listeners: [listener('tls', fields)] };
  const envoy = await startEnvoy({ t, bootstrap: { static_resources } });
  return { envoy, port: await envoy.listenerPort('tls') };
}

const lateDial = { upstream_connect_mode: 'ON_DOWNSTREAM_DATA', max_early_data_bytes: 16_384 };

test('SNI to a refused address: reset, and with ON_DOWNSTREAM_DATA nothing is dialled', async (t) => {
  const outside = await startOutsideTcp({ t });
  const { envoy, port } = await startSniForward(t, outside.port, '127.0.0.1', lateDial);
  assert.equal((await tlsHandshake(port, 'localhost')).ok, false);
  assert.equal(await envoy.stdout.next(), 'flags=- rbac_access_denied_matched_policy[private] up=-');
  assert.equal(await envoy.stat('cluster.up.upstream_cx_total'), 0);
  assert.equal(outside.connections.items.length, 0);
});

test('without ON_DOWNSTREAM_DATA the refused address is dialled before the refusal', async (t) => {
  const outside = await startOutsideTcp({ t });
  const { port } = await startSniForward(t, outside.port, '127.0.0.1', {});
  assert.equal((await tlsHandshake(port, 'localhost')).ok, false);
  const { received } = await outside.connections.next();
  assert.deepEqual(received.items, [], 'no bytes follow');
});

test('SNI to another address passes end to end; no SNI and an unknown name are reset', async (t) => {
  const outside = await startOutsideHttp({ t, tls: true });
  const { envoy, port } = await startSniForward(t, outside.port, '127.0.0.2', lateDial);
  const outcome = await tlsHandshake(port, 'localhost');
  assert.ok(outcome.ok);
  assert.match(await requestOver(outcome.socket), /^HTTP\/1\.1 200 /);
  assert.equal(await envoy.stdout.next(), `flags=- - up=127.0.0.1:${outside.port}`);
  for (const sni of [undefined, 'name.invalid']) {
    assert.equal((await tlsHandshake(port, sni)).ok, false);
    assert.equal(await envoy.stdout.next(), 'flags=UH - up=-');
  }
});
