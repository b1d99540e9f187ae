// One flow's rows of all outcomes, joined to what is told of it.
import type { Flow, FlowPeer } from '../flow.ts';
import { mtlsUse } from '../mtls-use.ts';
import type { FlowIdentity } from './flow-identity.ts';
import type { FlowOutcome } from './flow-outcomes.ts';
import type { OpenNow } from './open-connections.ts';
import { numberIn, type Row } from './row.ts';

export interface FlowSum {
  /** A row with the sums of one outcome. */
  add(row: Row, outcome: FlowOutcome): void;
  flow(identity: FlowIdentity, open: OpenNow | undefined, peers: readonly FlowPeer[]): Flow;
}

export function createFlowSum(): FlowSum {
  let [requests, opened, closed, bytesSent, bytesReceived] = [0, 0, 0, 0, 0];
  let [withMtls, withoutMtls] = [0, 0];
  let [firstAt, lastAt] = [Number.POSITIVE_INFINITY, 0];
  const responses = new Map<string, number>();
  const flags = new Map<string, number>();

  return {
    add(row, outcome) {
      const [rowRequests, rowOpened] = [numberIn(row, 'requests'), numberIn(row, 'opened')];
      const rowClosed = numberIn(row, 'closed');
      requests += rowRequests;
      opened += rowOpened;
      closed += rowClosed;
      bytesSent += numberIn(row, 'bytes_sent');
      bytesReceived += numberIn(row, 'bytes_received');
      firstAt = Math.min(firstAt, numberIn(row, 'first_at'));
      lastAt = Math.max(lastAt, numberIn(row, 'last_at'));
      if (outcome.mtls === true) withMtls += rowRequests + rowOpened;
      if (outcome.mtls === false) withoutMtls += rowRequests + rowOpened;
      addTo(responses, String(outcome.code), rowRequests);
      // How a connection ended is known at its end.
      if (outcome.flags !== '-') addTo(flags, outcome.flags, rowRequests + rowClosed);
    },
    flow(identity, open, peers) {
      // Of a connection of which nothing was heard in the stretch: when it was heard of last.
      const heardAt = open?.lastAt ?? 0;
      return {
        ...identity,
        requests,
        connections: identity.destination.kind === 'blocked' ? closed : opened,
        responses: Object.fromEntries(responses),
        flags: Object.fromEntries(flags),
        bytesSent,
        bytesReceived,
        open: open?.open ?? 0,
        peers,
        ...mtlsUse(withMtls, withoutMtls),
        firstSeen: new Date(lastAt === 0 ? heardAt : firstAt).toISOString(),
        lastSeen: new Date(lastAt === 0 ? heardAt : lastAt).toISOString(),
      };
    },
  };
}

function addTo(counts: Map<string, number>, key: string, count: number): void {
  if (count > 0) counts.set(key, (counts.get(key) ?? 0) + count);
}
