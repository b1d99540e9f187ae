// What records of one kind add up to, as an observation. Most kinds of a flood are of one record: those share the buckets
// of their histograms, so that reading on costs little memory.
import type { HistogramDelta, Observation } from '../../observation.ts';
import type { Source } from '../../traffic.ts';
import { bucketOf, emptyBuckets } from '../histogram.ts';
import type { EventRecord } from './event-record.ts';
import type { JudgedRecord } from './judged-record.ts';

export interface RecordSum {
  readonly judged: JudgedRecord;
  lastAt: number;
  count: number;
  received: number;
  sent: number;
  /** None of connections. */
  durations: HistogramDelta | undefined;
  requestSizes: HistogramDelta | undefined;
  responseSizes: HistogramDelta | undefined;
}

export function emptySum(judged: JudgedRecord): RecordSum {
  const histograms = { durations: undefined, requestSizes: undefined, responseSizes: undefined };
  return { judged, lastAt: 0, count: 0, received: 0, sent: 0, ...histograms };
}

/** One more of the same kind. */
export function addRecord(sum: RecordSum, record: EventRecord, at: number): void {
  const { received, sent, milliseconds } = record;
  sum.lastAt = Math.max(sum.lastAt, at);
  sum.count += 1;
  sum.received += received;
  sum.sent += sent;
  if (sum.judged.connection) return;
  sum.durations = withValue(sum.durations, milliseconds);
  if (!sum.judged.tellsBytes) return;
  sum.requestSizes = withValue(sum.requestSizes, received);
  sum.responseSizes = withValue(sum.responseSizes, sent);
}

export function observationOf(sum: RecordSum, source: Source): Observation {
  const { judged, lastAt, count, received, sent, durations, requestSizes, responseSizes } = sum;
  const { destination, via, nextHop, by, mtls, protocol, outcome, connection, opened, tellsBytes } = judged;
  const histograms = {
    ...(durations === undefined ? {} : { durations }),
    ...(requestSizes === undefined ? {} : { requestSizes }),
    ...(responseSizes === undefined ? {} : { responseSizes }),
  };
  return {
    at: lastAt,
    reporter: 'source',
    source,
    destination,
    protocol,
    outcome,
    via,
    ...(nextHop === undefined ? {} : { nextHop }),
    ...(by === undefined ? {} : { by }),
    ...(mtls === undefined ? {} : { mtls }),
    requests: connection ? 0 : count,
    opened: connection && opened ? count : 0,
    closed: connection ? count : 0,
    ...(connection && !opened ? { unopened: count } : {}),
    bytesSent: tellsBytes ? received : 0,
    bytesReceived: tellsBytes ? sent : 0,
    // Istio's words are the other way round: sent is what the caller gets.
    metrics: connection ? { sentBytes: sent, receivedBytes: received } : histograms,
  };
}

/** By bucket, those of one value in it. Never written to. */
const singles: readonly (readonly number[])[] = emptyBuckets().map((_, bucket) => emptyBuckets().with(bucket, 1));

function withValue(histogram: HistogramDelta | undefined, value: number): HistogramDelta {
  const bucket = bucketOf(value);
  if (histogram === undefined) return { buckets: singles[bucket] ?? emptyBuckets(), sum: value };
  const { buckets, sum } = histogram;
  return { buckets: buckets.with(bucket, (buckets[bucket] ?? 0) + 1), sum: sum + value };
}
