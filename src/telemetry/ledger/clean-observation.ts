// An observation made fit to be kept. Nearly all are fit as they are, and those are not copied: what a batch allocates
// holds up the pushes to the proxies beside it.
import type { HistogramDelta, Observation } from '../observation.ts';
import {
  cleanCount,
  cleanDestination,
  cleanOutcome,
  cleanSum,
  cleanText,
  isCleanCount,
  isCleanDestination,
  isCleanOutcome,
  isCleanSum,
  isCleanText,
} from './clean.ts';

type Metrics = NonNullable<Observation['metrics']>;
type Peer = NonNullable<Observation['peer']>;

const counts = ['at', 'requests', 'opened', 'closed', 'bytesSent', 'bytesReceived'] as const;
const metricCounts = ['sentBytes', 'receivedBytes', 'requestMessages', 'responseMessages'] as const;
const histograms = ['durations', 'requestSizes', 'responseSizes'] as const;

export function cleanObservation(observation: Observation): Observation {
  if (isClean(observation)) return observation;
  const { nextHop, peer, metrics } = observation;
  return {
    ...observation,
    ...Object.fromEntries(counts.map((name) => [name, cleanCount(observation[name])])),
    unopened: cleanCount(observation.unopened ?? 0),
    destination: cleanDestination(observation.destination),
    ...(nextHop === undefined ? {} : { nextHop: cleanDestination(nextHop) }),
    outcome: cleanOutcome(observation.outcome),
    ...(peer === undefined ? {} : { peer: cleanPeer(peer) }),
    ...(metrics === undefined ? {} : { metrics: cleanMetrics(metrics) }),
  };
}

function isClean(observation: Observation): boolean {
  const { destination, nextHop, outcome, unopened = 0, peer, metrics } = observation;
  return (
    counts.every((name) => isCleanCount(observation[name])) &&
    isCleanCount(unopened) &&
    isCleanDestination(destination) &&
    (nextHop === undefined || isCleanDestination(nextHop)) &&
    isCleanOutcome(outcome) &&
    (peer === undefined || (isCleanText(peer.address) && isCleanText(peer.locality ?? ''))) &&
    (metrics === undefined || areClean(metrics))
  );
}

function cleanPeer({ address, locality }: Peer): Peer {
  return { address: cleanText(address), ...(locality === undefined ? {} : { locality: cleanText(locality) }) };
}

function cleanMetrics(metrics: Metrics): Metrics {
  const numbers = metricCounts.map((name) => [name, cleanCount(metrics[name] ?? 0)]);
  const shapes = histograms.flatMap((name) => {
    const histogram = metrics[name];
    return histogram === undefined ? [] : [[name, cleanHistogram(histogram)]];
  });
  return Object.fromEntries([...numbers, ...shapes]);
}

function areClean(metrics: Metrics): boolean {
  return (
    metricCounts.every((name) => isCleanCount(metrics[name] ?? 0)) &&
    histograms.every((name) => isCleanHistogram(metrics[name]))
  );
}

function cleanHistogram({ buckets, sum }: HistogramDelta): HistogramDelta {
  return { buckets: buckets.map(cleanCount), sum: cleanSum(sum) };
}

function isCleanHistogram(histogram: HistogramDelta | undefined): boolean {
  return histogram === undefined || (isCleanSum(histogram.sum) && histogram.buckets.every(isCleanCount));
}
