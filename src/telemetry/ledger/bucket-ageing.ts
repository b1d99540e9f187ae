// How buckets grow old: minutes become part of their hour, hours go; the oldest first, in steps, for a bucket may have
// more rows than should be handled at once. Invariant: what was counted is in one row at any time, so that readers need
// not know how far this has come.
import type { LedgerContext } from './context.ts';
import { addedToRow } from './flow-buckets.ts';
import { createPeerWriter } from './peer-buckets.ts';
import { numberIn, textIn } from './row.ts';
import { hour, minute, type Span, startOf } from './spans.ts';

export interface BucketAgeing {
  /** Joins about `limit` rows of minutes that begin before this time to their hours. */
  joinMinutes(before: number, limit: number): void;
  /** Removes about `limit` rows of hours that begin before this time; whether none is left. */
  removeHours(before: number, limit: number): boolean;
  oldestHour(): number | undefined;
}

export function createBucketAgeing(context: LedgerContext): BucketAgeing {
  const { database } = context;
  const selectOldest = database.prepare('SELECT start FROM flow_buckets WHERE span = ? ORDER BY start LIMIT 1');
  const selectFlow = database.prepare(
    'SELECT flow FROM flow_buckets WHERE span = ? AND start = ? ORDER BY flow LIMIT 1 OFFSET ?',
  );
  const removeFlows = database.prepare('DELETE FROM flow_buckets WHERE span = ? AND start = ? AND flow <= ?');
  const removePeers = database.prepare('DELETE FROM peer_buckets WHERE span = ? AND start = ? AND flow <= ?');
  const joinFlows = database.prepare(
    `INSERT INTO flow_buckets
       SELECT ?1, ?2, flow, outcome, requests, opened, closed, bytes_sent, bytes_received, first_at, last_at
       FROM flow_buckets WHERE span = ?3 AND start = ?4 AND flow <= ?5
     ${addedToRow}`,
  );
  const selectPeers = database.prepare(
    `SELECT flow, address, locality, requests, connections, bytes_sent, bytes_received
     FROM peer_buckets WHERE span = ? AND start = ? AND flow <= ?`,
  );
  const writePeer = createPeerWriter(context);

  function oldest(span: Span): number | undefined {
    const row = selectOldest.get(span);
    return row === undefined ? undefined : numberIn(row, 'start');
  }

  /** Handles the oldest buckets, each up to a flow, whose rows and peers stay together; whether none is left. */
  function inSteps(
    span: Span,
    before: number,
    limit: number,
    handle: (start: number, lastFlow: number) => void,
  ): boolean {
    let left = limit;
    for (;;) {
      const start = oldest(span);
      if (start === undefined || start >= before) return true;
      if (left <= 0) return false;
      const edge = selectFlow.get(span, start, left);
      const lastFlow = edge === undefined ? Number.MAX_SAFE_INTEGER : numberIn(edge, 'flow');
      handle(start, lastFlow);
      removePeers.run(span, start, lastFlow);
      left -= Number(removeFlows.run(span, start, lastFlow).changes);
    }
  }

  function join(start: number, lastFlow: number): void {
    const inHour = startOf(start, hour);
    joinFlows.run(hour, inHour, minute, start, lastFlow);
    for (const row of selectPeers.all(minute, start, lastFlow)) {
      writePeer({
        span: hour,
        start: inHour,
        flow: numberIn(row, 'flow'),
        address: textIn(row, 'address'),
        locality: textIn(row, 'locality'),
        requests: numberIn(row, 'requests'),
        connections: numberIn(row, 'connections'),
        bytesSent: numberIn(row, 'bytes_sent'),
        bytesReceived: numberIn(row, 'bytes_received'),
      });
    }
  }

  return {
    joinMinutes(before, limit) {
      inSteps(minute, before, limit, join);
    },
    removeHours: (before, limit) => inSteps(hour, before, limit, () => {}),
    oldestHour: () => oldest(hour),
  };
}
