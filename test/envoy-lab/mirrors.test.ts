// Copies of requests: what the second server gets, which filters a copy passes, and that the caller notices nothing of it.
// A copy that Envoy sends by itself is not logged, no RBAC filter judges it, and Envoy adds two headers of its own address
// after everything else. One that goes through a listener inside Envoy is a request like any other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildUpstreamAddressFilter } from '../../src/envoy/upstream-address-guard.ts';
import { type Scope, startEnvoy } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import { type OutsideRequest, startOutsideHttp } from '../support/outside-server.ts';
import { builtFilter } from './built.ts';
import { accessLog, httpListener, type Json, staticCluster, typed, upstreamCodec, upstreamHttp } from './envoy-json.ts';

const addedLast = ['x-envoy-internal', 'x-forwarded-for'];

function mutation(requestMutations: readonly Json[]): Json {
  const config = { mutations: { request_mutations: requestMutations } };
  return {
    name: 'envoy.filters.http.header_mutation',
    typed_config: typed('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', config),
  };
}

interface Setup {
  /** Fields of the mirror policy. */
  readonly policy?: Json;
  /** Fields of the route's action. */
  readonly action?: Json;
  /** Upstream filters of the cluster that copies go to; else it has the router's. */
  readonly clusterFilters?: readonly Json[];
  readonly routerFilters?: readonly Json[];
  /** Of the cluster that the requests themselves go to. */
  readonly serverFilters?: readonly Json[];
  readonly answersCopies?: boolean;
  /** A listener `mirrors` inside Envoy, which sends requests to the cluster that their header `x-cluster` names. */
  readonly mirrors?: { readonly removes: readonly string[]; readonly guard: Json };
}

function guard(range: string): Json {
  return builtFilter(buildUpstreamAddressFilter({ name: range, action: 'deny', ranges: [range] }));
}

function mirrorListener({ removes, guard: judges }: NonNullable<Setup['mirrors']>): Json {
  const route = { match: { prefix: '/' }, route: { cluster_header: 'x-cluster', timeout: '0s' } };
  const { address: _, ...chains } = httpListener('mirrors', {
    manager: {
      generate_request_id: false,
      skip_xff_append: true,
      access_log: accessLog('copy %RESPONSE_CODE% %UPSTREAM_CLUSTER_RAW% %RESPONSE_CODE_DETAILS%'),
      route_config: {
        virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ ...route, request_headers_to_remove: removes }] }],
      },
    },
    router: { upstream_http_filters: [judges, upstreamCodec] },
  });
  return { ...chains, internal_listener: {} };
}

function mirrorCluster(): Json {
  const endpoint = { address: { envoy_internal_address: { server_listener_name: 'mirrors' } } };
  const raw = typed('envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer');
  const internal = typed('envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport', {
    transport_socket: { name: 'envoy.transport_sockets.raw_buffer', typed_config: raw },
  });
  return {
    name: 'mirrors',
    ...upstreamHttp('http2'),
    load_assignment: { cluster_name: 'mirrors', endpoints: [{ lb_endpoints: [{ endpoint }] }] },
    transport_socket: { name: 'envoy.transport_sockets.internal_upstream', typed_config: internal },
  };
}

async function start(t: Scope, setup: Setup) {
  const {
    policy = {},
    action = {},
    clusterFilters,
    routerFilters = [],
    serverFilters,
    answersCopies = true,
    mirrors,
  } = setup;
  const server = await startOutsideHttp({ t });
  const second = await startOutsideHttp({ t, respond: (_, answer) => void (answersCopies && answer.end('ignored')) });
  const mirror = { cluster: 'second', disable_shadow_host_suffix_append: true, ...policy };
  const routes = [
    {
      match: { prefix: '/' },
      request_headers_to_add: [{ header: { key: 'x-by-route', value: 'yes' } }],
      route: { cluster: 'up', timeout: '0s', request_mirror_policies: [mirror], ...action },
    },
  ];
  const listener = httpListener('in', {
    manager: {
      generate_request_id: false,
      skip_xff_append: true,
      upgrade_configs: [{ upgrade_type: 'websocket' }],
      access_log: accessLog('%RESPONSE_CODE% %UPSTREAM_CLUSTER%'),
      route_config: {
        request_headers_to_remove: ['x-forwarded-proto'],
        validate_clusters: false,
        virtual_hosts: [{ name: 'all', domains: ['*'], routes }],
      },
    },
    router: routerFilters.length === 0 ? {} : { upstream_http_filters: [...routerFilters, upstreamCodec] },
  });
  const clusters = [
    ...(mirrors === undefined ? [] : [mirrorCluster()]),
    staticCluster('up', server.port, serverFilters === undefined ? {} : upstreamHttp('http1', serverFilters)),
    staticCluster('second', second.port, clusterFilters === undefined ? {} : upstreamHttp('http1', clusterFilters)),
  ];
  const listeners = [listener, ...(mirrors === undefined ? [] : [mirrorListener(mirrors)])];
  const internal = typed('envoy.extensions.bootstrap.internal_listener.v3.InternalListener');
  const bootstrap_extensions = [{ name: 'envoy.bootstrap.internal_listener', typed_config: internal }];
  const envoy = await startEnvoy({ t, bootstrap: { bootstrap_extensions, static_resources: { clusters, listeners } } });
  const port = await envoy.listenerPort('in');
  return { envoy, server, second, ask: (path = '/') => httpCall({ port, host: 'a.test', path }) };
}

function ours({ headers }: OutsideRequest): readonly string[] {
  return [...headers.keys()].filter((name) => name.startsWith('x-')).sort();
}

test('a copy is what the route made of the request, its Host too; two headers are added; it is not logged', async (t) => {
  const action = { prefix_rewrite: '/new/', host_rewrite_literal: 'up.test' };
  const { envoy, second, ask } = await start(t, { action });
  assert.equal((await ask('/path')).body, 'outside');
  const copy = await second.requests.next();
  assert.deepEqual([copy.url, copy.host], ['/new/path', 'up.test']);
  const rewritten = ['x-envoy-original-host', 'x-envoy-original-path'];
  assert.deepEqual(ours(copy), ['x-by-route', ...addedLast, ...rewritten].sort());
  assert.equal(await envoy.stdout.next(), '200 up');
  await ask('/other');
  assert.equal(await envoy.stdout.next(), '200 up', 'the next line is of the next request');
});

test('the policy gives a copy a Host of its own and takes headers off, but not those that come last', async (t) => {
  const remove = ['x-by-route', ...addedLast].map((name) => ({ remove: name }));
  const policy = { host_rewrite_literal: 'second.test', request_headers_mutations: remove };
  const { server, second, ask } = await start(t, { policy });
  await ask();
  const copy = await second.requests.next();
  assert.equal(copy.host, 'second.test');
  assert.deepEqual(ours(copy), addedLast);
  const request = await server.requests.next();
  assert.deepEqual([request.host, ...ours(request)], ['a.test', 'x-by-route']);
});

test("upstream filters of the copy's cluster take off what comes last", async (t) => {
  const { second, ask } = await start(t, { clusterFilters: [mutation(addedLast.map((name) => ({ remove: name })))] });
  await ask();
  assert.deepEqual(ours(await second.requests.next()), ['x-by-route']);
});

test('no RBAC filter judges a copy, neither of its cluster nor of the router', async (t) => {
  const setup = { serverFilters: [guard('127.0.0.2/32')], routerFilters: [guard('127.0.0.0/8')] };
  for (const clusterFilters of [undefined, [guard('127.0.0.0/8')]]) {
    const { second, ask } = await start(t, { ...setup, ...(clusterFilters === undefined ? {} : { clusterFilters }) });
    assert.equal((await ask()).status, 200);
    await second.requests.next();
  }
});

test('a copy that goes through a listener inside Envoy is a request: judged, logged, and clean of what was added', async (t) => {
  const through = (cluster: string) => ({
    cluster: 'mirrors',
    host_rewrite_literal: `${cluster}.test`,
    request_headers_mutations: [
      { append: { header: { key: 'x-cluster', value: cluster }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' } },
    ],
  });
  for (const [cluster, range, line] of [
    ['second', '127.0.0.2/32', '200 second via_upstream'],
    ['second', '127.0.0.0/8', '403 second rbac_access_denied_matched_policy[127.0.0.0/8]'],
    ['missing', '127.0.0.2/32', '503 - cluster_not_found'],
  ] as const) {
    const { envoy, second, ask } = await start(t, {
      policy: through(cluster),
      serverFilters: [guard('127.0.0.3/32')],
      mirrors: { removes: ['x-cluster', ...addedLast, 'x-forwarded-proto'], guard: guard(range) },
    });
    assert.equal((await ask()).status, 200);
    const lines = [await envoy.stdout.next(), await envoy.stdout.next()];
    assert.deepEqual(lines.sort(), ['200 up', `copy ${line}`]);
    const copies = second.requests.items;
    assert.equal(second.connections.items.length, line.startsWith('200') ? 1 : 0);
    for (const copy of copies) assert.deepEqual([copy.host, ...ours(copy)], ['second.test', 'x-by-route']);
  }
});

test('a copy for a cluster that is not there goes nowhere, and one that is never answered holds up nobody', async (t) => {
  const missing = await start(t, { policy: { cluster: 'missing' } });
  assert.equal((await missing.ask()).status, 200);
  const silent = await start(t, { answersCopies: false });
  const started = performance.now();
  assert.equal((await silent.ask()).status, 200);
  await silent.second.requests.next();
  assert.ok(performance.now() - started < 5000);
});

test('half of the requests: about half', async (t) => {
  const half = { default_value: { numerator: 500_000, denominator: 'MILLION' } };
  const { server, second, ask } = await start(t, { policy: { runtime_fraction: half } });
  for (let request = 0; request < 200; request++) await ask();
  assert.equal(server.requests.items.length, 200);
  const copies = second.requests.items.length;
  // Six standard deviations.
  assert.ok(copies > 57 && copies < 143, `${copies} of 200`);
});
