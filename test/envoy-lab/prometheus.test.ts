// What docs/prometheus promises to those who scrape Envoys themselves: its relabelling and its rule, in a real Prometheus,
// make Istio's metrics of what a real Envoy shows of its traffic, read over its own bridge.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { counterKeyTag, counterScope } from '../../src/xds/counter-key.ts';
import { startEnvoy } from '../support/envoy-process.ts';
import { httpCall, rawExchange, tcpConnect } from '../support/http-client.ts';
import { freePort } from '../support/ports.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { needs } from '../support/requires.ts';
import { until } from '../support/until.ts';
import {
  blackHole,
  httpListener,
  type Json,
  listener,
  staticCluster,
  tcpProxy,
  typed,
  virtualHost,
} from './envoy-json.ts';

const docs = join(import.meta.dirname, '../../docs/prometheus');

const promised = z
  .object({
    scrape_configs: z.tuple([
      z.object({
        metrics_path: z.string(),
        static_configs: z.tuple([z.object({ labels: z.record(z.string(), z.string()) })]),
        metric_relabel_configs: z.array(z.unknown()),
      }),
    ]),
  })
  .parse(parse(readFileSync(join(docs, 'envoys.yaml'), 'utf8'))).scrape_configs[0];

function stats(reporter: string, code: string, fields: (tags: readonly Json[]) => Json): Json {
  const key = `${reporter};%UPSTREAM_CLUSTER_RAW%;%ROUTE_NAME%;${code};%RESPONSE_FLAGS%;%GRPC_STATUS_NUMBER%;-`;
  const config = { stats_scope: { prefix: counterScope }, ...fields([{ name: counterKeyTag, value_format: key }]) };
  return {
    name: 'stats',
    typed_config: typed('envoy.extensions.access_loggers.stats.v3.Config', config),
  };
}

const httpStats = (reporter: string) =>
  stats(reporter, '%RESPONSE_CODE%', (tags) => ({
    histograms: [
      {
        stat: { name: 'istio_request_duration_milliseconds', tags },
        unit: 'Milliseconds',
        value_format: '%DURATION%',
      },
    ],
  }));

const tcpStats = stats('source', '0', (tags) => ({
  counters: [
    { stat: { name: 'istio_tcp_connections_closed_total', tags }, value_fixed: 1 },
    { stat: { name: 'istio_tcp_sent_bytes_total', tags }, value_format: '%BYTES_SENT%' },
  ],
}));

function answer(name: string, domains: readonly string[], status: number, response: Json = {}): Json {
  const direct = { status, ...response };
  return { name, domains, routes: [{ name, match: { prefix: '/' }, direct_response: direct }] };
}

function route(name: string, host: string, cluster: string): Json {
  const { routes, ...rest } = virtualHost(host, [host], cluster);
  return {
    ...rest,
    routes: z
      .array(z.record(z.string(), z.unknown()))
      .parse(routes)
      .map((one) => ({ ...one, name })),
  };
}

/** Answers gRPC's status 5 to what asks for it. */
const grpcAnswer: Json = {
  response_headers_to_add: [
    { header: { key: 'content-type', value: 'application/grpc' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
    { header: { key: 'grpc-status', value: '5' } },
  ],
};

const rule = 'asked.test:80|default/asked|0';
const service = 'outbound|8080||payments.shop.svc.cluster.local';

function bootstrap(upstream: number, outbound: number): Json {
  const outside = { virtual_hosts: [{ ...answer('a', ['grpc.test'], 200), ...grpcAnswer }, answer('b', ['*'], 200)] };
  const hosts = [
    route('default', 'httpbin.org', 'outbound|80||httpbin.org'),
    route('default', 'grpc.test', 'outbound|80||grpc.test'),
    route('default', 'payments', service),
    route('allow_any', 'passed.test', 'PassthroughCluster'),
    answer('block_all', ['*'], 502),
  ];
  const inbound = { virtual_hosts: [route('default', '*', 'inbound|8080||')] };
  const closed = { filter_chains: [{ filters: [tcpProxy('BlackHoleCluster', { access_log: [tcpStats] })] }] };
  const clusters = [
    'outbound|80||httpbin.org',
    'outbound|80||grpc.test',
    service,
    'PassthroughCluster',
    'inbound|8080||',
    'outbound|80||behind.test',
  ];
  return {
    stats_config: { stats_matcher: { inclusion_list: { patterns: [{ prefix: 'istio.' }, { prefix: 'server.' }] } } },
    static_resources: {
      listeners: [
        httpListener('outside', { manager: { route_config: outside }, port: upstream }),
        httpListener('out', {
          manager: { access_log: [httpStats('source')], route_config: { virtual_hosts: hosts } },
          port: outbound,
        }),
        httpListener('gate', {
          manager: {
            access_log: [httpStats('relay')],
            route_config: { virtual_hosts: [route(rule, 'behind.test', 'outbound|80||behind.test')] },
          },
        }),
        httpListener('in', { manager: { access_log: [httpStats('destination')], route_config: inbound } }),
        listener('tcp', closed),
      ],
      clusters: [blackHole, ...clusters.map((name) => staticCluster(name, upstream))],
    },
  };
}

/** Of one series, that is to be the only one. */
async function only(prometheus: Prometheus, promql: string, value: number): Promise<Readonly<Record<string, string>>> {
  return until(promql, async () => {
    const [first, ...more] = await prometheus.query(promql);
    assert.deepEqual(more, []);
    assert.equal(first?.value, value);
    const { __name__: _name, instance: _instance, job: _job, [counterKeyTag]: _key, ...labels } = first.labels;
    return labels;
  });
}

test('the files are what promtool takes', needs('prometheus'), () => {
  execFileSync('promtool', ['check', 'config', join(docs, 'envoys.yaml')]);
});

test('Envoys that are scraped themselves show Istio’s metrics', needs('prometheus'), async (t) => {
  const [upstream, outbound] = [await freePort(), await freePort()];
  const envoy = await startEnvoy({ t, bootstrap: bootstrap(upstream, outbound) });
  const bridgePort = await freePort();
  const bridgeText = readFileSync(join(docs, 'bridge.yaml'), 'utf8')
    .replace('/run/sallyport/ID/x/N/admin.sock', join(envoy.folder, 'admin.sock'))
    .replace('port_value: 15090', `port_value: ${bridgePort}`);
  await startEnvoy({ t, bootstrap: z.record(z.string(), z.unknown()).parse(parse(bridgeText)) });
  for (const path of ['/quitquitquit', '/config_dump', '/stats/prometheus/..']) {
    assert.equal((await httpCall({ port: bridgePort, host: 'a', path })).status, 404, path);
  }
  const quit = await httpCall({ port: bridgePort, host: 'a', path: '/stats/prometheus', method: 'POST' });
  assert.equal(quit.status, 404);

  for (let call = 0; call < 3; call++) await httpCall({ port: outbound, host: 'httpbin.org' });
  for (const host of ['evil.test', 'passed.test', 'payments']) await httpCall({ port: outbound, host });
  await httpCall({ port: outbound, host: 'grpc.test', headers: { 'content-type': 'application/grpc' } });
  await rawExchange(outbound, 'CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\nConnection: close\r\n\r\n');
  await httpCall({ port: await envoy.listenerPort('in'), host: 'payments' });
  await httpCall({ port: await envoy.listenerPort('gate'), host: 'behind.test' });
  const blocked = await tcpConnect(await envoy.listenerPort('tcp'));
  blocked.on('error', () => undefined).resume();

  const { metrics_path: path, static_configs: statics, metric_relabel_configs: relabel } = promised;
  const scrape = { job: 'envoys', target: `127.0.0.1:${bridgePort}`, path, labels: statics[0].labels, relabel };
  const prometheus = await startPrometheus({ t, scrape: [scrape], rulesFiles: [join(docs, 'rules.yaml')] });

  const unknownPeer = {
    destination_workload: 'unknown',
    destination_workload_namespace: 'unknown',
    destination_principal: 'unknown',
    destination_app: 'unknown',
    destination_version: 'unknown',
    destination_cluster: 'unknown',
    destination_canonical_service: 'unknown',
    destination_canonical_revision: 'latest',
  };
  const httpbin = await only(prometheus, 'istio_requests_total{destination_service="httpbin.org"}', 3);
  assert.deepEqual(httpbin, {
    reporter: 'source',
    source_workload: 'notification',
    source_workload_namespace: 'backyards-demo',
    source_principal: 'unknown',
    source_app: 'notification',
    source_version: 'v1',
    source_cluster: 'Kubernetes',
    source_canonical_service: 'notification',
    source_canonical_revision: 'v1',
    ...unknownPeer,
    destination_service: 'httpbin.org',
    destination_service_name: 'httpbin.org',
    destination_service_namespace: 'unknown',
    request_protocol: 'http',
    response_code: '200',
    response_flags: '-',
    connection_security_policy: 'unknown',
  });
  const bucket = await only(
    prometheus,
    'istio_request_duration_milliseconds_bucket{destination_service="httpbin.org",le="+Inf"}',
    3,
  );
  assert.deepEqual(bucket, { ...httpbin, le: '+Inf' });

  const stopped = await only(prometheus, 'istio_requests_total{response_code="502"}', 1);
  assert.deepEqual(
    { ...stopped },
    { ...httpbin, destination_service: 'unknown', destination_service_name: 'BlackHoleCluster', response_code: '502' },
  );
  const unrouted = await only(prometheus, 'istio_requests_total{response_code="404"}', 1);
  assert.deepEqual(unrouted, { ...stopped, response_code: '404', response_flags: 'NR' });
  await only(prometheus, 'istio_requests_total{destination_service_name="PassthroughCluster",response_code="200"}', 1);
  const payments = await only(prometheus, 'istio_requests_total{destination_service_name="payments"}', 1);
  assert.deepEqual(payments, {
    ...httpbin,
    destination_service: 'payments.shop.svc.cluster.local',
    destination_service_name: 'payments',
    destination_service_namespace: 'shop',
  });
  const grpc = await only(prometheus, 'istio_requests_total{request_protocol="grpc"}', 1);
  assert.partialDeepStrictEqual(grpc, {
    grpc_response_status: '5',
    response_code: '200',
    destination_service: 'grpc.test',
  });

  const { response_code: _code, ...tcpLabels } = stopped;
  const tcp = await only(prometheus, 'istio_tcp_connections_closed_total', 1);
  assert.deepEqual(tcp, { ...tcpLabels, request_protocol: 'tcp', response_flags: 'UH' });

  const received = await only(prometheus, 'istio_requests_total{reporter="destination"}', 1);
  assert.partialDeepStrictEqual(received, {
    source_workload: 'unknown',
    source_cluster: 'unknown',
    destination_workload: 'notification',
    destination_service: 'notification',
    destination_service_name: 'notification',
    destination_service_namespace: 'backyards-demo',
    destination_cluster: 'Kubernetes',
    connection_security_policy: 'none',
  });
  const relayed = await only(prometheus, 'istio_requests_total{destination_service="behind.test"}', 1);
  assert.deepEqual(relayed, {
    ...httpbin,
    destination_service: 'behind.test',
    destination_service_name: 'behind.test',
  });
  assert.deepEqual(await prometheus.query('{__name__=~"envoy.*"}'), []);
});
