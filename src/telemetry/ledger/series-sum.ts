// Totals of a metric series: how an observation adds to them.
import { type HistogramDelta, histogramBounds, type Observation, sumOfHistograms } from '../observation.ts';
import type { HttpSeries, MetricSeries, TcpSeries } from '../series.ts';
import type { SeriesName } from './series-text.ts';

const bucketCount = histogramBounds.length + 1;
const nothing: HistogramDelta = { buckets: new Array<number>(bucketCount).fill(0), sum: 0 };

/** A series before its first event. */
export function emptySeries({ family, labels }: SeriesName): MetricSeries {
  if (family === 'tcp') return { family, labels, opened: 0, closed: 0, sentBytes: 0, receivedBytes: 0 };
  const histograms = { durations: nothing, requestSizes: nothing, responseSizes: nothing };
  return { family, labels, requests: 0, ...histograms, requestMessages: 0, responseMessages: 0 };
}

/** The series with an observation of its family added. */
export function addedTo(series: MetricSeries, observation: Observation): MetricSeries {
  return series.family === 'tcp' ? addedToTcp(series, observation) : addedToHttp(series, observation);
}

function addedToTcp(series: TcpSeries, { opened, closed, metrics = {} }: Observation): TcpSeries {
  return {
    ...series,
    opened: series.opened + opened,
    closed: series.closed + closed,
    sentBytes: series.sentBytes + (metrics.sentBytes ?? 0),
    receivedBytes: series.receivedBytes + (metrics.receivedBytes ?? 0),
  };
}

function addedToHttp(series: HttpSeries, { requests, metrics = {} }: Observation): HttpSeries {
  return {
    ...series,
    requests: series.requests + requests,
    durations: sumOfHistograms(series.durations, metrics.durations),
    requestSizes: sumOfHistograms(series.requestSizes, metrics.requestSizes),
    responseSizes: sumOfHistograms(series.responseSizes, metrics.responseSizes),
    requestMessages: series.requestMessages + (metrics.requestMessages ?? 0),
    responseMessages: series.responseMessages + (metrics.responseMessages ?? 0),
  };
}
