// Which headers leave the mesh. The router adds some after all downstream filters, and again at each retry, so the
// removal stands in two places: before the router for what the application sent, upstream for what the router adds where a
// route has a time-out or a rewrite.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Scope, startEnvoy } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import { type OutsideHttp, type OutsideRequest, startOutsideHttp } from '../support/outside-server.ts';
import { accessLog, httpListener, type Json, staticCluster, typed, upstreamCodec, upstreamHttp } from './envoy-json.ts';

const routerHeaders = ['expected-rq-timeout-ms', 'original-host', 'original-path', 'attempt-count', 'is-timeout-retry'];

function mutation(requestMutations: readonly Json[]): Json {
  const config = { mutations: { request_mutations: requestMutations } };
  return {
    name: 'envoy.filters.http.header_mutation',
    typed_config: typed('envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', config),
  };
}

const removeSent = mutation(
  ['x-envoy-', 'x-forwarded-'].map((prefix) => ({ remove_on_match: { key_matcher: { prefix } } })),
);
const removeAdded = mutation(routerHeaders.map((name) => ({ remove: `x-envoy-${name}` })));

const sentByApplication = {
  'x-request-id': 'mine',
  traceparent: 'mine',
  'x-envoy-original-dst-host': '127.0.0.2:80',
  'x-envoy-max-retries': '9',
  'x-envoy-foo': '1',
  'x-forwarded-for': '192.0.2.1',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'other.test',
};

interface Setup {
  readonly filters?: readonly Json[];
  readonly router?: Json;
  /** Upstream filters of the cluster. */
  readonly clusterFilters?: readonly Json[];
  readonly virtualHost?: Json;
  readonly route?: Json;
  /** Of the connection manager. */
  readonly manager?: Json;
}

/** Routes everything to an outside server that answers 503 to every first request of a path with `fail`. */
async function start(t: Scope, setup: Setup) {
  const { filters = [removeSent], router = {}, clusterFilters, virtualHost = {}, route = {} } = setup;
  const failed = new Set<string>();
  const outside = await startOutsideHttp({
    t,
    respond: ({ url }, response) => {
      const fail = url.includes('fail') && !failed.has(url);
      failed.add(url);
      response.statusCode = fail ? 503 : 200;
      response.end();
    },
  });
  const routes = [{ match: { prefix: '/' }, ...route, route: { cluster: 'up', ...(route['route'] ?? {}) } }];
  const manager = {
    generate_request_id: false,
    skip_xff_append: true,
    ...setup.manager,
    access_log: accessLog('%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%'),
    route_config: { name: '80', virtual_hosts: [{ name: 'all', domains: ['*'], routes, ...virtualHost }] },
  };
  const cluster = staticCluster('up', outside.port, clusterFilters ? upstreamHttp('http1', clusterFilters) : {});
  const listeners = [httpListener('80', { manager, filters, router })];
  const envoy = await startEnvoy({ t, bootstrap: { static_resources: { clusters: [cluster], listeners } } });
  return { envoy, outside, port: await envoy.listenerPort('80') };
}

const rewriting = {
  request_headers_to_add: [{ header: { key: 'x-forwarded-by-route', value: '1' } }],
  route: {
    host_rewrite_literal: 'other.test',
    prefix_rewrite: '/new/',
    timeout: '5s',
    retry_policy: { retry_on: '5xx', num_retries: 2 },
  },
};

function ours({ headers }: OutsideRequest): string[] {
  return [...headers.keys()].filter((name) => /^x-|^traceparent$/.test(name)).sort();
}

async function reached(outside: OutsideHttp): Promise<string[]> {
  return ours(await outside.requests.next());
}

test('without a filter Envoy adds x-forwarded-proto and a timeout, and passes on all the application sent', async (t) => {
  const { outside, port } = await start(t, { filters: [] });
  await httpCall({ port, host: 'a.test' });
  assert.deepEqual(await reached(outside), ['x-envoy-expected-rq-timeout-ms', 'x-forwarded-proto']);
  await httpCall({ port, host: 'a.test', headers: sentByApplication });
  const names = await reached(outside);
  for (const name of ['x-envoy-foo', 'x-envoy-original-dst-host', 'x-forwarded-for', 'x-forwarded-host']) {
    assert.ok(names.includes(name), `${name} is passed on`);
  }
});

test('a downstream removal drops what the application sent; only the expected timeout is left', async (t) => {
  const { outside, port } = await start(t, {});
  await httpCall({ port, host: 'a.test', headers: sentByApplication });
  assert.deepEqual(await reached(outside), ['traceparent', 'x-envoy-expected-rq-timeout-ms', 'x-request-id']);
});

test('with no route timeout a downstream removal is enough', async (t) => {
  const { outside, port } = await start(t, { route: { route: { timeout: '0s' } } });
  await httpCall({ port, host: 'a.test', headers: sentByApplication });
  assert.deepEqual(await reached(outside), ['traceparent', 'x-request-id']);
});

test('removed early nothing of the application is left, and what Envoy adds goes by the route', async (t) => {
  const mutations = ['x-envoy-', 'x-forwarded-'].map((prefix) => ({ remove_on_match: { key_matcher: { prefix } } }));
  const early = 'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation';
  const { outside, port } = await start(t, {
    filters: [],
    manager: { early_header_mutation_extensions: [{ name: 'early', typed_config: typed(early, { mutations }) }] },
    route: { request_headers_to_remove: ['x-forwarded-proto'], route: { timeout: '0s' } },
  });
  await httpCall({ port, host: 'a.test', headers: sentByApplication });
  assert.deepEqual(await reached(outside), ['traceparent', 'x-request-id']);
});

test('request_headers_to_remove misses the original host and path, and fails at a retry', async (t) => {
  const { outside, port } = await start(t, {
    route: rewriting,
    virtualHost: {
      include_request_attempt_count: true,
      request_headers_to_remove: routerHeaders.map((name) => `x-envoy-${name}`),
    },
  });
  await httpCall({ port, host: 'a.test', path: '/fail' });
  assert.deepEqual(await reached(outside), ['x-envoy-original-host', 'x-envoy-original-path', 'x-forwarded-by-route']);
  assert.deepEqual(await reached(outside), [
    'x-envoy-attempt-count',
    'x-envoy-expected-rq-timeout-ms',
    'x-envoy-original-host',
    'x-envoy-original-path',
    'x-forwarded-by-route',
  ]);
});

test('suppress_envoy_headers takes the service time from the caller and the access log', async (t) => {
  const { envoy, port } = await start(t, { router: { suppress_envoy_headers: true } });
  const answer = await httpCall({ port, host: 'a.test' });
  assert.equal(answer.headers['x-envoy-upstream-service-time'], undefined);
  assert.equal(await envoy.stdout.next(), '-');
});

for (const [place, setup] of [
  ['the cluster', { clusterFilters: [removeAdded] }],
  ['the router for all clusters', { router: { upstream_http_filters: [removeAdded, upstreamCodec] } }],
] as const) {
  test(`upstream removal at ${place}: nothing of Envoy leaves, at retries too; what a route sets does`, async (t) => {
    const { envoy, outside, port } = await start(t, {
      ...setup,
      route: rewriting,
      virtualHost: { include_request_attempt_count: true },
    });
    const answer = await httpCall({ port, host: 'a.test', path: '/fail', headers: sentByApplication });
    for (const _attempt of [1, 2]) {
      assert.deepEqual(await reached(outside), ['traceparent', 'x-forwarded-by-route', 'x-request-id']);
    }
    assert.match(String(answer.headers['x-envoy-upstream-service-time']), /^\d+$/);
    assert.match(await envoy.stdout.next(), /^\d+$/);
  });
}

test('a cluster with upstream filters of its own does not run those of the router', async (t) => {
  const { outside, port } = await start(t, {
    router: { upstream_http_filters: [removeAdded, upstreamCodec] },
    clusterFilters: [mutation([{ remove: 'x-none' }])],
  });
  await httpCall({ port, host: 'a.test' });
  assert.deepEqual(await reached(outside), ['x-envoy-expected-rq-timeout-ms']);
});
