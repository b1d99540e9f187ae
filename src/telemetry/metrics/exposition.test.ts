import assert from 'node:assert/strict';
import { test } from 'node:test';
import { histogramBounds } from '../observation.ts';
import type { HttpSeries, MetricSeries, TcpSeries } from '../series.ts';
import { exposeSeries } from './exposition.ts';

const none = { buckets: [], sum: 0 };

const http: HttpSeries = {
  family: 'http',
  labels: { reporter: 'source', destination_service: 'httpbin.org' },
  requests: 3,
  // Two up to half a millisecond, one above the last bound.
  durations: { buckets: [2, ...histogramBounds.slice(1).map(() => 0), 1], sum: 3_700_000.75 },
  requestSizes: none,
  responseSizes: none,
  requestMessages: 0,
  responseMessages: 0,
};

const tcp: TcpSeries = {
  family: 'tcp',
  labels: { reporter: 'source', destination_service: 'db.example.com' },
  opened: 2,
  closed: 1,
  sentBytes: 1_234_567_890_123,
  receivedBytes: 10,
};

function exposed(...all: readonly MetricSeries[]): string {
  return Buffer.concat([...exposeSeries(all)]).toString('utf8');
}

function samples(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('every family has its HELP and TYPE once, before its series', () => {
  const text = exposed(http, tcp, http);
  const types = [...text.matchAll(/^# HELP (\S+) .+\n# TYPE (\S+) (\w+)$/gm)];
  assert.deepEqual(
    types.map(([, help, type, kind]) => (help === type ? `${type} ${kind}` : `${help} is not ${type}`)),
    [
      'istio_requests_total counter',
      'istio_request_duration_milliseconds histogram',
      'istio_request_bytes histogram',
      'istio_response_bytes histogram',
      'istio_request_messages_total counter',
      'istio_response_messages_total counter',
      'istio_tcp_connections_opened_total counter',
      'istio_tcp_connections_closed_total counter',
      'istio_tcp_sent_bytes_total counter',
      'istio_tcp_received_bytes_total counter',
    ],
  );
  assert.ok(text.endsWith('\n'));
});

test('a histogram’s buckets add up; one that nobody fed is not there', () => {
  const labels = 'reporter="source",destination_service="httpbin.org"';
  assert.deepEqual(samples(exposed(http)), [
    `istio_requests_total{${labels}} 3`,
    ...histogramBounds.map((bound) => `istio_request_duration_milliseconds_bucket{${labels},le="${bound}"} 2`),
    `istio_request_duration_milliseconds_bucket{${labels},le="+Inf"} 3`,
    `istio_request_duration_milliseconds_sum{${labels}} 3700000.75`,
    `istio_request_duration_milliseconds_count{${labels}} 3`,
  ]);
});

test('a histogram whose labels were all taken off has that of its buckets alone', () => {
  const [, bucket] = samples(exposed({ ...http, labels: {} }));
  assert.equal(bucket, 'istio_request_duration_milliseconds_bucket{le="0.5"} 2');
});

test('a connection’s bytes have no end, and sent is what went back to the caller', () => {
  const labels = 'reporter="source",destination_service="db.example.com"';
  assert.deepEqual(samples(exposed(tcp)), [
    `istio_tcp_connections_opened_total{${labels}} 2`,
    `istio_tcp_connections_closed_total{${labels}} 1`,
    `istio_tcp_sent_bytes_total{${labels}} 1234567890123`,
    `istio_tcp_received_bytes_total{${labels}} 10`,
  ]);
});

test('a host that was chosen to break out of its label does not', () => {
  const host = 'a"} 1\nfake{x="\\é😀';
  const [first] = samples(exposed({ ...tcp, labels: { destination_service: host } }));
  assert.equal(first, 'istio_tcp_connections_opened_total{destination_service="a\\"} 1\\nfake{x=\\"\\\\é😀"} 2');
});

test('counts of every length, and labels longer than a page, come out whole', () => {
  const counts = [0, 9, 10, 99, 100, 999_999_999, 1_000_000_000, 9_007_199_254_740_991];
  const labels = { destination_service: 'é'.repeat(100_000) };
  for (const count of counts) {
    const series = { ...http, labels, durations: { buckets: [count, 1], sum: 0 } };
    const [, first, second] = samples(exposed(series)).map((line) => line.slice(line.lastIndexOf('le=')));
    assert.equal(first, `le="0.5"} ${count}`);
    assert.equal(second, `le="1"} ${count + 1}`);
  }
});

test('it comes in pieces: no piece holds up the rest for long', () => {
  const many = Array.from({ length: 200 }, (_, index) => ({
    ...http,
    labels: Object.fromEntries(Array.from({ length: 25 }, (_, label) => [`label_${label}`, `value-${index}`])),
  }));
  const pieces = [...exposeSeries(many)];
  assert.ok(pieces.length > 5, `${pieces.length} pieces`);
  assert.ok(pieces.every(({ length }) => length < 512 * 1024));
  assert.equal(samples(Buffer.concat(pieces).toString()).length, 200 * (1 + histogramBounds.length + 3));
});
