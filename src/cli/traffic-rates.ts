// How fast each flow is now: what its count grew by in the last seconds. Counts are of a stretch whose begin moves on
// minute by minute and takes some away; then measuring begins anew, and meanwhile the rates of before are shown.
import type { FlowBody, FlowsBody } from '../server/wire.ts';

/** Long enough to be steady, short enough to be news. */
const windowMs = 10_000;
const leastMs = 2000;

export interface TrafficRates {
  /** The counts at a time, milliseconds; an answer that did not change counts as well, since time went on. */
  add(body: FlowsBody, at: number): void;
  /** Each second; undefined in the first seconds. */
  of(flow: FlowBody): number | undefined;
}

interface Sample {
  readonly at: number;
  readonly counts: ReadonlyMap<string, number>;
}

export function createTrafficRates(): TrafficRates {
  let begin: string | undefined;
  let samples: readonly Sample[] = [];
  let rates: ReadonlyMap<string, number> | undefined;

  return {
    add({ flows, from }, at) {
      const counts = new Map(flows.map((flow) => [flowKey(flow), countOf(flow)]));
      if (from !== begin) samples = [];
      begin = from;
      samples = [...samples.filter((sample) => at - sample.at <= windowMs), { at, counts }];
      const [oldest] = samples;
      if (oldest === undefined || at - oldest.at < leastMs) return;
      const seconds = (at - oldest.at) / 1000;
      rates = new Map(
        [...counts].map(([key, count]) => [key, Math.max(0, count - (oldest.counts.get(key) ?? 0)) / seconds]),
      );
    },
    of: (flow) => (rates === undefined ? undefined : (rates.get(flowKey(flow)) ?? 0)),
  };
}

/** The rate of a flow over all that an answer tells. A mesh that is younger than the stretch was not slow before it was. */
export function meanRate({ flows, from, to }: FlowsBody): (flow: FlowBody) => number {
  const first = Math.min(...flows.map(({ firstSeen }) => Date.parse(firstSeen)));
  const seconds = Math.max(1000, Date.parse(to) - Math.max(Date.parse(from), first)) / 1000;
  return (flow) => countOf(flow) / seconds;
}

function countOf({ requests, connections }: FlowBody): number {
  return requests + connections;
}

/** What makes two flows of different answers the same one. */
function flowKey({ source, destination, via, protocol }: FlowBody): string {
  const { kind, host, port, serviceEntry = '' } = destination;
  return JSON.stringify([source.namespace, source.workload, kind, host, port, serviceEntry, via, protocol]);
}
