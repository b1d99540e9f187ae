// A real Envoy that counts and records as a proxy of the mesh does (xds/traffic-counters.ts, xds/traffic-records.ts), and a
// receiver for what it pushes. Written out by hand: what is tested here must not depend on our own builders.
import { once } from 'node:events';
import { createServer } from 'node:http2';
import {
  blackHole,
  blockAll,
  httpListener,
  type Json,
  listener,
  staticCluster,
  tcpProxy,
  typed,
  upstreamHttp,
  virtualHost,
} from '../../../../test/envoy-lab/envoy-json.ts';
import { type EnvoyProcess, type Scope, startEnvoy } from '../../../../test/support/envoy-process.ts';
import { counterKeyTag, counterScope } from '../../../xds/counter-key.ts';
import { httpRecordFields, tcpRecordFields } from '../../../xds/record-line.ts';

/** Calls `take` with each export; returns the port. */
export async function startReceiver(t: Scope, take: (bytes: Uint8Array) => void): Promise<number> {
  const server = createServer();
  server.on('stream', (stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => stream.close());
    stream.on('end', () => {
      // gRPC's frame: a flag and the length.
      take(Buffer.concat(chunks).subarray(5));
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.alloc(5));
    });
  });
  const sessions = new Set<{ destroy(): void }>();
  server.on('session', (session) => sessions.add(session));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export interface CountingEnvoyOptions {
  readonly t: Scope;
  readonly receiverPort: number;
  readonly recordsFile: string;
  /** Of `good.test` and of what passes. */
  readonly httpPort: number;
  readonly tcpPort: number;
}

/** Listeners `http` (`good.test`, `pass.test`, all else blocked), `tcp` (to `good.test`) and `blocked`. */
export function startCountingEnvoy(options: CountingEnvoyOptions): Promise<EnvoyProcess> {
  const { t, receiverPort, httpPort, tcpPort, recordsFile } = options;
  const routes = [
    virtualHost('good', ['good.test'], 'outbound|80||good.test'),
    {
      ...virtualHost('allow_any', ['pass.test'], 'PassthroughCluster'),
      routes: [route('allow_any', 'PassthroughCluster')],
    },
    { ...blockAll(), routes: [{ name: 'block_all', match: { prefix: '/' }, direct_response: { status: 502 } }] },
  ];
  const manager = {
    route_config: { name: '80', virtual_hosts: routes },
    access_log: [...httpCounters, recordLog(recordsFile, httpRecordFields)],
  };
  const tcp = (cluster: string) =>
    tcpProxy(cluster, {
      access_log_options: { flush_access_log_on_connected: true },
      access_log: [...tcpCounters, { ...recordLog(recordsFile, tcpRecordFields), filter: atTcp('TcpConnectionEnd') }],
    });
  const clusters = [
    staticCluster('receiver', receiverPort, upstreamHttp('http2')),
    staticCluster('outbound|80||good.test', httpPort, { track_cluster_stats: { request_response_sizes: true } }),
    staticCluster('PassthroughCluster', httpPort),
    staticCluster('outbound|9000||good.test', tcpPort),
    blackHole,
  ];
  const listeners = [
    httpListener('http', { manager }),
    listener('tcp', { filter_chains: [{ filters: [tcp('outbound|9000||good.test')] }] }),
    listener('blocked', { filter_chains: [{ filters: [tcp('BlackHoleCluster')] }] }),
  ];
  const counted = [
    { prefix: `${counterScope}.` },
    { suffix: '.upstream_cx_rx_bytes_total' },
    { suffix: '.upstream_cx_tx_bytes_total' },
    { suffix: '_body_size' },
  ];
  const bootstrap = {
    static_resources: { clusters, listeners },
    stats_flush_interval: '0.2s',
    stats_config: { use_all_default_tags: false, stats_matcher: { inclusion_list: { patterns: counted } } },
    stats_sinks: [{ name: 'otlp', typed_config: sink }],
  };
  return startEnvoy({ t, bootstrap });
}

const sink = typed('envoy.extensions.stat_sinks.open_telemetry.v3.SinkConfig', {
  grpc_service: { envoy_grpc: { cluster_name: 'receiver' } },
  report_counters_as_deltas: false,
  report_histograms_as_deltas: false,
  emit_tags_as_attributes: true,
  use_tag_extracted_name: true,
});

function route(name: string, cluster: string): Json {
  return { name, match: { prefix: '/' }, route: { cluster } };
}

function counters(stats: Json, filter: Json = {}): Json {
  const config = typed('envoy.extensions.access_loggers.stats.v3.Config', {
    stats_scope: { prefix: counterScope },
    ...stats,
  });
  return { name: 'counters', typed_config: config, ...filter };
}

function stat(name: string, key: string): Json {
  return { name, tags: [{ name: counterKeyTag, value_format: key }] };
}

const httpKey = 'source;%UPSTREAM_CLUSTER_RAW%;%ROUTE_NAME%;%RESPONSE_CODE%;%RESPONSE_FLAGS%;%GRPC_STATUS_NUMBER%;-';
const tcpKey = 'source;%UPSTREAM_CLUSTER_RAW%;-;0;%RESPONSE_FLAGS%;-;%UPSTREAM_HOST%';

const httpCounters: readonly Json[] = [
  counters({
    histograms: [
      { stat: stat('istio_request_duration_milliseconds', httpKey), unit: 'Milliseconds', value_format: '%DURATION%' },
    ],
  }),
];

function atTcp(moment: string): Json {
  return { log_type_filter: { types: [moment] } };
}

const tcpCounters: readonly Json[] = [
  counters(
    { counters: [{ stat: stat('istio_tcp_connections_opened_total', tcpKey), value_fixed: 1 }] },
    { filter: atTcp('TcpUpstreamConnected') },
  ),
  counters(
    {
      counters: [
        { stat: stat('istio_tcp_connections_closed_total', tcpKey), value_fixed: 1 },
        { stat: stat('istio_tcp_received_bytes_total', tcpKey), value_format: '%BYTES_RECEIVED%' },
        { stat: stat('istio_tcp_sent_bytes_total', tcpKey), value_format: '%BYTES_SENT%' },
      ],
    },
    { filter: atTcp('TcpConnectionEnd') },
  ),
];

function recordLog(path: string, fields: Readonly<Record<string, string>>): Json {
  const config = typed('envoy.extensions.access_loggers.file.v3.FileAccessLog', {
    path,
    log_format: { json_format: fields },
  });
  return { name: 'records', typed_config: config };
}
