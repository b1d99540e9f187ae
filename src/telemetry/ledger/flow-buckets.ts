// Writes flows: each observation adds to one row, that of its minute, and to its peer's, however late it comes: what is
// not told by the minute any more joins its hour in the next sweep. What is the same in a batch is added up before.
import type { Observation } from '../observation.ts';
import type { LedgerContext } from './context.ts';
import type { Dictionary } from './dictionary.ts';
import { type FlowIdentity, identityText } from './flow-identity.ts';
import type { FlowOutcomes } from './flow-outcomes.ts';
import type { Horizons } from './horizons.ts';
import type { OpenConnections } from './open-connections.ts';
import { addPeer, createPeerWriter, type PeerRow } from './peer-buckets.ts';
import { hour, minute, type Span, startOf } from './spans.ts';

export interface FlowParts {
  readonly identities: Dictionary<FlowIdentity>;
  readonly outcomes: FlowOutcomes;
  readonly open: OpenConnections;
  readonly horizons: Horizons;
}

/** One flow in one minute or hour; its outcome is not in it, for peers have none. */
export interface Bucket {
  readonly span: Span;
  readonly start: number;
  readonly flow: number;
}

export interface FlowRow extends Bucket {
  readonly outcome: number;
  /** The first of the observations that it adds up. */
  readonly seen: Observation;
  requests: number;
  opened: number;
  closed: number;
  bytesSent: number;
  bytesReceived: number;
  firstAt: number;
  lastAt: number;
}

/** The end of an INSERT INTO flow_buckets: where there is such a row already, the new one is added to it. */
export const addedToRow = `ON CONFLICT DO UPDATE SET
  requests = requests + excluded.requests, opened = opened + excluded.opened, closed = closed + excluded.closed,
  bytes_sent = bytes_sent + excluded.bytes_sent, bytes_received = bytes_received + excluded.bytes_received,
  first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`;

export interface WrittenFlows {
  readonly rows: readonly FlowRow[];
  /** Numbers of flows that were not known before. */
  readonly added: ReadonlySet<number>;
}

/** The function that writes what flows tell of these observations. */
export function createFlowWriter(
  context: LedgerContext,
  { identities, outcomes, open }: FlowParts,
): (observations: Iterable<Observation>) => WrittenFlows {
  const add = context.database.prepare(
    `INSERT INTO flow_buckets VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ${addedToRow}`,
  );
  const writePeer = createPeerWriter(context);

  function writeFlow(row: FlowRow): void {
    const { span, start, flow, outcome, requests, opened, closed, bytesSent, bytesReceived, firstAt, lastAt } = row;
    const counts = [requests, opened, closed, bytesSent, bytesReceived] as const;
    add.run(span, start, flow, outcome, ...counts, firstAt, lastAt);
  }

  return (observations) => {
    const flows = new Map<string, FlowRow>();
    const peers = new Map<string, PeerRow>();
    const added = new Set<number>();
    for (const observation of observations) {
      const { at, reporter, source, opened, closed, unopened = 0 } = observation;
      if (reporter !== 'source' || source === undefined) continue;
      const inHour = startOf(at, hour);
      const text = identityText(observation, source);
      const known = identities.find(text, inHour);
      const flow = known ?? identities.add(text, inHour);
      if (known === undefined) added.add(flow);
      const outcome = outcomes.number(flow, observation, inHour);
      const bucket: Bucket = { span: minute, start: startOf(at, minute), flow };
      addFlow(flows, bucket, outcome, observation);
      addPeer(peers, bucket, observation);
      const difference = opened - closed + unopened;
      if (difference !== 0) open.add(flow, difference, at);
    }
    const rows = [...flows.values()];
    for (const row of rows) writeFlow(row);
    for (const row of peers.values()) writePeer(row);
    return { rows, added };
  };
}

function addFlow(rows: Map<string, FlowRow>, bucket: Bucket, outcome: number, observation: Observation): void {
  const { at, requests, opened, closed, bytesSent, bytesReceived } = observation;
  const key = `${bucket.start}/${bucket.flow}/${outcome}`;
  const row = rows.get(key);
  if (row === undefined) {
    const counts = { requests, opened, closed, bytesSent, bytesReceived };
    rows.set(key, { ...bucket, outcome, seen: observation, ...counts, firstAt: at, lastAt: at });
    return;
  }
  row.requests += requests;
  row.opened += opened;
  row.closed += closed;
  row.bytesSent += bytesSent;
  row.bytesReceived += bytesReceived;
  row.firstAt = Math.min(row.firstAt, at);
  row.lastAt = Math.max(row.lastAt, at);
}
