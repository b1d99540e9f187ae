// The series of one metric as Telemetries have them told: left out, or under other labels. Series that come to the same
// labels are one, with the sum of both.
import { sumOfHistograms } from '../observation.ts';
import type { HttpSeries, MetricSeries, SeriesLabels, TcpSeries } from '../series.ts';
import { labelText } from './label-text.ts';
import type { MetricRules } from './metric-rules.ts';

export function toldSeries<Series extends HttpSeries | TcpSeries>(
  all: readonly Series[],
  metric: string,
  rules: MetricRules | undefined,
): readonly Series[] {
  if (rules === undefined) return all;
  const told = new Map<string, Series>();
  for (const series of all) {
    const rule = rules.of(series.labels, metric);
    if (rule?.disabled === true) continue;
    const labels = rule === undefined || rule.tags.size === 0 ? series.labels : relabelled(series.labels, rule.tags);
    const text = labelText(labels);
    const before = told.get(text);
    told.set(text, before === undefined ? { ...series, labels } : sumOf(before, series));
  }
  return [...told.values()];
}

function relabelled(labels: SeriesLabels, tags: ReadonlyMap<string, string | undefined>): SeriesLabels {
  const told = new Map(Object.entries(labels));
  for (const [name, value] of tags) {
    if (value === undefined) told.delete(name);
    else told.set(name, value);
  }
  return Object.fromEntries(told);
}

function sumOf<Series extends MetricSeries>(one: Series, other: MetricSeries): Series {
  if (one.family === 'http' && other.family === 'http') return { ...one, ...sumOfRequests(one, other) };
  if (one.family === 'tcp' && other.family === 'tcp') return { ...one, ...sumOfConnections(one, other) };
  return one;
}

function sumOfRequests(one: HttpSeries, other: HttpSeries) {
  return {
    requests: one.requests + other.requests,
    durations: sumOfHistograms(one.durations, other.durations),
    requestSizes: sumOfHistograms(one.requestSizes, other.requestSizes),
    responseSizes: sumOfHistograms(one.responseSizes, other.responseSizes),
    requestMessages: one.requestMessages + other.requestMessages,
    responseMessages: one.responseMessages + other.responseMessages,
  };
}

function sumOfConnections(one: TcpSeries, other: TcpSeries) {
  return {
    opened: one.opened + other.opened,
    closed: one.closed + other.closed,
    sentBytes: one.sentBytes + other.sentBytes,
    receivedBytes: one.receivedBytes + other.receivedBytes,
  };
}
