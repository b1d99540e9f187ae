// What the counting access logger, route marks and filters that run only where a route asks really do: metrics and
// records are built on it (xds/traffic-counters.ts, traffic-records.ts).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EnvoyProcess, type Scope, startEnvoy } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { until } from '../support/until.ts';
import { accessLog, blockAll, httpListener, type Json, staticCluster, typed, virtualHost } from './envoy-json.ts';

const key = '%UPSTREAM_CLUSTER_RAW%;%ROUTE_NAME%;%RESPONSE_CODE%;%GRPC_STATUS_NUMBER%';
const tags = [{ name: 'key', value_format: key }];
const marked = {
  metadata_filter: {
    matcher: { filter: 'lab', path: [{ key: 'mark' }], value: { present_match: true } },
    match_if_key_not_found: false,
  },
};

const durations: Json = {
  name: 'stats',
  typed_config: typed('envoy.extensions.access_loggers.stats.v3.Config', {
    stats_scope: { prefix: 'istio' },
    histograms: [{ stat: { name: 'durations', tags }, unit: 'Milliseconds', value_format: '%DURATION%' }],
  }),
};
const headerToMetadata = 'envoy.extensions.filters.http.header_to_metadata.v3.Config';
const mark: Json = {
  'envoy.filters.http.header_to_metadata': typed(headerToMetadata, {
    request_rules: [
      { header: 'x-envoy-none', on_header_missing: { metadata_namespace: 'lab', key: 'mark', value: '1' } },
    ],
  }),
};
const grpcStats = 'envoy.filters.http.grpc_stats';
const countMessages: Json = { [grpcStats]: typed('envoy.config.route.v3.FilterConfig', { config: {} }) };

/** `plain.test` and `marked.test` lead to a server; everything else is refused. */
async function start(
  t: Scope,
  access: readonly Json[],
  perRoute: Json,
): Promise<{ envoy: EnvoyProcess; port: number }> {
  const outside = await startOutsideHttp({ t });
  const [route] = [virtualHost('marked', ['marked.test'], 'up')].map(({ routes }) => routes as readonly Json[]);
  const filters = [
    { name: 'envoy.filters.http.header_to_metadata', typed_config: typed(headerToMetadata), disabled: true },
    {
      name: grpcStats,
      typed_config: typed('envoy.extensions.filters.http.grpc_stats.v3.FilterConfig', { stats_for_all_methods: false }),
      disabled: true,
    },
  ];
  const manager = {
    access_log: access,
    route_config: {
      name: '80',
      virtual_hosts: [
        virtualHost('plain', ['plain.test'], 'up'),
        {
          name: 'marked',
          domains: ['marked.test'],
          routes: route?.map((one) => ({ ...one, typed_per_filter_config: perRoute })),
        },
        { ...blockAll() },
      ],
    },
  };
  const bootstrap = {
    stats_flush_interval: '0.1s',
    static_resources: {
      clusters: [staticCluster('up', outside.port)],
      listeners: [httpListener('80', { manager, filters })],
    },
  };
  const envoy = await startEnvoy({ t, bootstrap });
  return { envoy, port: await envoy.listenerPort('80') };
}

async function page(envoy: EnvoyProcess, wanted: string): Promise<string> {
  return until(`${wanted} is counted`, async () => {
    const text = await envoy.admin('/stats/prometheus?filter=istio');
    return text.includes(wanted) ? text : undefined;
  });
}

test('one tag of several operators tells requests apart; what is absent is empty, and no histogram needs a counter', async (t) => {
  const { envoy, port } = await start(t, [durations], {});
  for (const host of ['plain.test', 'plain.test', 'evil.test', 'other-evil.test']) await httpCall({ port, host });
  const text = await page(envoy, 'count{key=";;502;"} 2');
  assert.match(text, /durations_count\{key="up;;200;"\} 2\n/);
  assert.match(text, /durations_count\{key=";;502;"\} 2\n/);
});

test('a disabled header_to_metadata runs on the routes that configure it, and a logger can ask for its mark', async (t) => {
  const log = accessLog('%REQ(:AUTHORITY)%').map((one) => ({ ...one, filter: marked }));
  const { envoy, port } = await start(t, log, mark);
  for (const host of ['plain.test', 'evil.test', 'marked.test']) await httpCall({ port, host });
  assert.equal(await envoy.stdout.next(), 'marked.test');
});

test('a filter without configuration of its own for routes runs where a route names it; messages count by cluster', async (t) => {
  const call = {
    method: 'POST',
    path: '/pkg.Service/Method',
    headers: { 'content-type': 'application/grpc' },
    body: '\0\0\0\0\x01\x07',
  } as const;
  const { envoy, port } = await start(t, [durations], countMessages);
  for (const host of ['plain.test', 'marked.test', 'plain.test']) await httpCall({ port, host, ...call });
  assert.equal(await envoy.stat('cluster.up.grpc.request_message_count'), 1);
});
