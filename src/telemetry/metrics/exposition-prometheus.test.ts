// A real Prometheus reads what we expose: the format, the escaping and the histograms.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { startPrometheus } from '../../../test/support/prometheus.ts';
import { needs } from '../../../test/support/requires.ts';
import { until } from '../../../test/support/until.ts';
import { histogramBounds } from '../observation.ts';
import type { MetricSeries } from '../series.ts';
import { exposeSeries } from './exposition.ts';

const host = 'a"} 1\nfake{x="\\é😀';

const series: readonly MetricSeries[] = [
  {
    family: 'http',
    labels: { reporter: 'source', destination_service: host },
    requests: 4,
    // Two up to 5 ms, two up to 10 ms.
    durations: { buckets: histogramBounds.map((bound) => (bound === 5 || bound === 10 ? 2 : 0)), sum: 26.5 },
    requestSizes: { buckets: [4], sum: 0 },
    responseSizes: { buckets: [4], sum: 0 },
    requestMessages: 7,
    responseMessages: 0,
  },
  {
    family: 'tcp',
    labels: { reporter: 'source', destination_service: 'db.example.com' },
    opened: 2,
    closed: 1,
    sentBytes: 1_234_567_890_123,
    receivedBytes: 0,
  },
];

const expected = new Map([
  ['istio_requests_total', 4],
  ['istio_request_duration_milliseconds_sum', 26.5],
  ['istio_request_duration_milliseconds_count', 4],
  ['istio_request_bytes_sum', 0],
  ['istio_request_bytes_count', 4],
  ['istio_response_bytes_sum', 0],
  ['istio_response_bytes_count', 4],
  ['istio_request_messages_total', 7],
  ['istio_tcp_connections_opened_total', 2],
  ['istio_tcp_connections_closed_total', 1],
  ['istio_tcp_sent_bytes_total', 1_234_567_890_123],
  ['istio_tcp_received_bytes_total', 0],
]);

test('a real Prometheus reads every family', needs('prometheus'), async (t) => {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    for (const piece of exposeSeries(series)) response.write(piece);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  const prometheus = await startPrometheus({ t, scrape: [{ job: 'sallyport', target: `127.0.0.1:${port}` }] });
  const [up] = await until('it is scraped', async () => {
    const answer = await prometheus.query('up');
    return answer.length === 1 && answer;
  });
  assert.equal(up?.value, 1);

  const [requests] = await prometheus.query('istio_requests_total');
  assert.equal(requests?.labels['destination_service'], host);
  const samples = await prometheus.query('{__name__=~"istio_.*",le=""}');
  assert.deepEqual(new Map(samples.map(({ labels, value }) => [labels['__name__'], value])), expected);
  const [quantile] = await prometheus.query('histogram_quantile(0.75, istio_request_duration_milliseconds_bucket)');
  assert.equal(quantile?.value, 7.5);
});
