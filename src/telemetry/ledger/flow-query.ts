// Answers what flowed in a stretch of time: rows of whole minutes or hours, summed up by the database, joined to one
// flow for each identity. An hour is its own rows and those of its minutes that are still apart. A connection that is
// open now belongs to every stretch that reaches until now, also where nothing was heard of it for long.
import type { Flow, FlowQuery } from '../flow.ts';
import type { LedgerContext } from './context.ts';
import type { FlowParts } from './flow-buckets.ts';
import type { FlowIdentity } from './flow-identity.ts';
import { createFlowSum, type FlowSum } from './flow-sum.ts';
import { createPeerReader } from './peer-query.ts';
import { numberIn } from './row.ts';
import { inStretch, type Stretch, stretchOf } from './spans.ts';

export function createFlowReader(
  { database, bounds }: LedgerContext,
  { identities, outcomes, open, horizons }: FlowParts,
  clock: () => number,
): (query: FlowQuery) => readonly Flow[] {
  // Sums as REAL: a sum that is no safe integer could not be read.
  const select = database.prepare(
    `SELECT flow, outcome, total(requests) AS requests, total(opened) AS opened, total(closed) AS closed,
       total(bytes_sent) AS bytes_sent, total(bytes_received) AS bytes_received,
       min(first_at) AS first_at, max(last_at) AS last_at
     FROM flow_buckets WHERE ${inStretch} GROUP BY flow, outcome`,
  );
  const readPeers = createPeerReader(database, bounds.peers);

  function sumsOf(stretch: Stretch, isAsked: (id: number) => boolean): Map<number, FlowSum> {
    const sums = new Map<number, FlowSum>();
    for (const row of select.all(stretch.from, stretch.to)) {
      const flow = numberIn(row, 'flow');
      const outcome = outcomes.values.get(numberIn(row, 'outcome'));
      if (outcome === undefined || !isAsked(flow)) continue;
      const sum = sums.get(flow) ?? createFlowSum();
      sums.set(flow, sum);
      sum.add(row, outcome);
    }
    return sums;
  }

  return (query) => {
    const stretch = stretchOf(query, horizons.before);
    const asked = (id: number) => matches(identities.values.get(id), query);
    const sums = sumsOf(stretch, asked);
    if (stretch.to >= clock()) {
      for (const id of open.flows()) if (asked(id) && !sums.has(id)) sums.set(id, createFlowSum());
    }
    const peers = readPeers(stretch);
    const flows: Flow[] = [];
    for (const [id, sum] of sums) {
      const identity = identities.values.get(id);
      if (identity !== undefined) flows.push(sum.flow(identity, open.now(id), peers.get(id) ?? []));
    }
    return flows.sort(inOrder);
  };
}

function matches(identity: FlowIdentity | undefined, { namespace, workload, relays = false }: FlowQuery): boolean {
  if (identity === undefined) return false;
  const { by, source } = identity;
  return (
    (relays || by !== 'relay') &&
    (namespace === undefined || source.namespace === namespace) &&
    (workload === undefined || source.workload === workload)
  );
}

function inOrder(a: Flow, b: Flow): number {
  return (
    order(a.source.namespace, b.source.namespace) ||
    order(a.source.workload, b.source.workload) ||
    order(a.destination.kind, b.destination.kind) ||
    order(a.destination.host, b.destination.host) ||
    a.destination.port - b.destination.port ||
    order(a.destination.serviceEntry ?? '', b.destination.serviceEntry ?? '') ||
    order(a.protocol, b.protocol) ||
    order(a.via.join(), b.via.join()) ||
    order(a.by ?? '', b.by ?? '')
  );
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
