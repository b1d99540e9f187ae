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
  /** Istio's words, as in Observation.metrics: sent is what went back to the caller, received what came from it. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

export type MetricSeries = HttpSeries | TcpSeries;
