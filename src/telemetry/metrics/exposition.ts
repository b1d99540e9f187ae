// Istio's standard metrics in Prometheus's text format 0.0.4 (istio.io, Istio Standard Metrics; prometheus.io, Exposition
// formats). Pure: totals come from the ledger.
// Invariant: a family stands in one stretch, families in the order below, series in the order they were given; a
// histogram has all of its buckets from its first event on, so that rates and sums over `le` hold.

import { type HistogramDelta, histogramBounds } from '../observation.ts';
import type { HttpSeries, MetricSeries, TcpSeries } from '../series.ts';
import { labelText } from './label-text.ts';
import type { MetricRules } from './metric-rules.ts';
import { createTextPage, type TextPage } from './text-page.ts';
import { toldSeries } from './told-series.ts';

interface Counter<Series> {
  readonly name: string;
  readonly help: string;
  /** Undefined: this series has none. */
  readonly value: (series: Series) => number | undefined;
}

interface Histogram {
  readonly name: string;
  readonly help: string;
  readonly value: (series: HttpSeries) => HistogramDelta;
}

const requests: Counter<HttpSeries> = {
  name: 'istio_requests_total',
  help: 'Requests handled.',
  value: (series) => series.requests,
};

const histograms: readonly Histogram[] = [
  {
    name: 'istio_request_duration_milliseconds',
    help: 'Duration of requests.',
    value: (series) => series.durations,
  },
  {
    name: 'istio_request_bytes',
    help: 'Size of request bodies.',
    value: (series) => series.requestSizes,
  },
  {
    name: 'istio_response_bytes',
    help: 'Size of response bodies.',
    value: (series) => series.responseSizes,
  },
];

const messages: readonly Counter<HttpSeries>[] = [
  {
    name: 'istio_request_messages_total',
    help: 'gRPC messages sent by clients.',
    value: (series) => some(series.requestMessages),
  },
  {
    name: 'istio_response_messages_total',
    help: 'gRPC messages sent by servers.',
    value: (series) => some(series.responseMessages),
  },
];

const connections: readonly Counter<TcpSeries>[] = [
  {
    name: 'istio_tcp_connections_opened_total',
    help: 'TCP connections opened.',
    value: (series) => series.opened,
  },
  {
    name: 'istio_tcp_connections_closed_total',
    help: 'TCP connections closed.',
    value: (series) => series.closed,
  },
  {
    name: 'istio_tcp_sent_bytes_total',
    help: 'Bytes sent back to callers over TCP.',
    value: (series) => series.sentBytes,
  },
  {
    name: 'istio_tcp_received_bytes_total',
    help: 'Bytes received from callers over TCP.',
    value: (series) => series.receivedBytes,
  },
];

/**
 * The exposition in pieces of some hundred kilobytes, each made when it is asked for: all of it may be hundreds of
 * megabytes (five thousand series with three histograms are 260). Series are taken at the first piece.
 */
export function* exposeSeries(
  all: Iterable<MetricSeries>,
  rules?: MetricRules,
): Generator<Uint8Array<ArrayBuffer>, void> {
  const http: HttpSeries[] = [];
  const tcp: TcpSeries[] = [];
  for (const series of all) {
    if (series.family === 'http') http.push(series);
    else tcp.push(series);
  }
  const page = createTextPage();
  yield* exposeCounter(page, requests, toldSeries(http, requests.name, rules));
  for (const histogram of histograms) {
    yield* exposeHistogram(page, histogram, toldSeries(http, histogram.name, rules));
  }
  for (const counter of messages) yield* exposeCounter(page, counter, toldSeries(http, counter.name, rules));
  for (const counter of connections) yield* exposeCounter(page, counter, toldSeries(tcp, counter.name, rules));
  yield page.take();
}

function* exposeCounter<Series extends MetricSeries>(
  page: TextPage,
  { name, help, value }: Counter<Series>,
  all: readonly Series[],
): Generator<Uint8Array<ArrayBuffer>, void> {
  page.write(head(name, help, 'counter'));
  for (const series of all) {
    const count = value(series);
    if (count !== undefined) page.write(`${name}{${labelText(series.labels)}} ${count}\n`);
    if (page.isFull()) yield page.take();
  }
}

const bucketEnds = [...histogramBounds.map(String), '+Inf'].map((bound) => Buffer.from(`${bound}"} `));

function* exposeHistogram(
  page: TextPage,
  { name, help, value }: Histogram,
  all: readonly HttpSeries[],
): Generator<Uint8Array<ArrayBuffer>, void> {
  page.write(head(name, help, 'histogram'));
  for (const series of all) {
    const { buckets, sum } = value(series);
    const cumulative = runningTotals(buckets);
    const count = cumulative.at(-1) ?? 0;
    if (count === 0) continue;
    const labels = labelText(series.labels);
    page.writeLines(`${name}_bucket{${labels}${labels === '' ? '' : ','}le="`, bucketEnds, cumulative);
    page.write(`${name}_sum{${labels}} ${sum}\n${name}_count{${labels}} ${count}\n`);
    if (page.isFull()) yield page.take();
  }
}

function head(name: string, help: string, type: 'counter' | 'histogram'): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function runningTotals(buckets: readonly number[]): readonly number[] {
  let total = 0;
  return bucketEnds.map((_, index) => {
    total += buckets[index] ?? 0;
    return total;
  });
}

/** What only some series have is shown where it ever was. */
function some(count: number): number | undefined {
  return count === 0 ? undefined : count;
}
