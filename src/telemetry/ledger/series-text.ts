// Name and totals of a metric series as the texts that the ledger's tables keep. Read by hand and not by a schema:
// there may be twenty thousand of them, and the control plane does not listen before they are read.
import { type HistogramDelta, histogramBounds } from '../observation.ts';
import type { MetricSeries, SeriesLabels } from '../series.ts';

export type SeriesName = Pick<MetricSeries, 'family' | 'labels'>;

/** In the order that seriesLabels gives, always: a series whose labels came in another order would be told twice. */
export function nameText({ family, labels }: SeriesName): string {
  return JSON.stringify([family, labels]);
}

/** Throws if the text is none of nameText's. */
export function readName(text: string): SeriesName {
  const [family, labels] = readList(JSON.parse(text));
  if ((family === 'http' || family === 'tcp') && isLabels(labels)) return { family, labels };
  throw new TypeError('a metric series has no name');
}

/** JSON: the four counts of TCP; of HTTP three counts, then sum and buckets of three histograms. */
export function totalsText(series: MetricSeries): string {
  if (series.family === 'tcp') {
    return JSON.stringify([series.opened, series.closed, series.sentBytes, series.receivedBytes]);
  }
  const { requests, requestMessages, responseMessages, durations, requestSizes, responseSizes } = series;
  const histograms = [durations, requestSizes, responseSizes].map(({ sum, buckets }) => [sum, buckets]);
  return JSON.stringify([requests, requestMessages, responseMessages, ...histograms]);
}

/** Throws if the text is none of totalsText's for this family. */
export function readTotals({ family, labels }: SeriesName, text: string): MetricSeries {
  const [a, b, c, d, e, f] = readList(JSON.parse(text));
  if (family === 'tcp') {
    const bytes = { sentBytes: readNumber(c), receivedBytes: readNumber(d) };
    return { family, labels, opened: readNumber(a), closed: readNumber(b), ...bytes };
  }
  return {
    family,
    labels,
    requests: readNumber(a),
    requestMessages: readNumber(b),
    responseMessages: readNumber(c),
    durations: readHistogram(d),
    requestSizes: readHistogram(e),
    responseSizes: readHistogram(f),
  };
}

function readHistogram(value: unknown): HistogramDelta {
  const [sum, list] = readList(value);
  const buckets = readList(list).map(readNumber);
  if (buckets.length === histogramBounds.length + 1) return { sum: readNumber(sum), buckets };
  throw new TypeError('a metric series has other buckets');
}

function readList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError('a metric series has no list where one should be');
}

function readNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new TypeError('a metric series has no number where one should be');
}

function isLabels(value: unknown): value is SeriesLabels {
  return (
    typeof value === 'object' && value !== null && Object.values(value).every((label) => typeof label === 'string')
  );
}
