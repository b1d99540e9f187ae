// A metric series in Istio's names: one set of labels and its running totals since the ledger was made. Totals outlive a
// restart of the control plane, so Prometheus sees no reset.
import type { HistogramDelta } from './observation.ts';

/** Labels of both families; `response_code` and `grpc_response_status` only on HTTP ones. */
export type SeriesLabels = Readonly<Record<string, string>>;

export interface HttpSeries {
  readonly family: 'http';
  readonly labels: SeriesLabels;
  readonly requests: number;
  readonly durations: HistogramDelta;
  readonly requestSizes: HistogramDelta;
  readonly responseSizes: HistogramDelta;
  /** gRPC only. */
  readonly requestMessages: number;
  readonly responseMessages: number;
}

export interface TcpSeries {
  readonly family: 'tcp';
  readonly labels: SeriesLabels;
  readonly opened: number;
  readonly closed: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

export type MetricSeries = HttpSeries | TcpSeries;
