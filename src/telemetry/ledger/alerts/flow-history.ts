// What the ledger's own tables say of a flow's past, exactly: asked seldom, where something may be worth an alert. Few rows are
// touched: a flow's, minute by minute and hour by hour.
import type { LedgerContext } from '../context.ts';
import type { FlowIdentity } from '../flow-identity.ts';
import { numberIn, type Row } from '../row.ts';
import { hour, minute, startOf } from '../spans.ts';

export interface Sums {
  /** Requests, and connections that are over. */
  readonly calls: number;
  readonly bytesSent: number;
}

export interface FlowHistory {
  /** Of a flow, in minutes from `from` to the one that begins at `last`. */
  inMinutes(flow: number, from: number, last: number): Sums;
  /** Bytes sent by it in each hour from `from` that had any and is told whole by the hour before `to`. */
  hours(flow: number, from: number, to: number): readonly { readonly start: number; readonly bytesSent: number }[];
  /** Whether the workload has a flow to this host outside that is older than the flow of this number. */
  hasCalled(workload: Pick<FlowIdentity, 'source'>['source'], host: string, before: number): boolean;
  /** The newest of which anything is known; 0 if none is. */
  newestMinute(): number;
  /** Every flow's row of minutes since then, in the order of time. */
  minutesSince(from: number): Iterable<{ readonly flow: number; readonly start: number } & Sums>;
  /** Flows that have a row in minutes from `from` to `last`. */
  flowsIn(from: number, last: number): Iterable<number>;
}

export function createFlowHistory({ database }: LedgerContext): FlowHistory {
  const sums = `ifnull(sum(requests + closed), 0) AS calls, ifnull(sum(bytes_sent), 0) AS bytes_sent`;
  const ofBucket = database.prepare(`SELECT ${sums} FROM flow_buckets WHERE span = ? AND start = ? AND flow = ?`);
  const older = database.prepare('SELECT 1 FROM flows WHERE key >= ? AND key < ? AND id < ? LIMIT 1');
  const since = database.prepare(
    `SELECT flow, start, ${sums} FROM flow_buckets WHERE span = ${minute} AND start >= ? GROUP BY start, flow ORDER BY start`,
  );
  const newest = database.prepare(`SELECT start FROM flow_buckets WHERE span = ${minute} ORDER BY start DESC LIMIT 1`);
  const within = database.prepare(
    `SELECT DISTINCT flow FROM flow_buckets WHERE span = ${minute} AND start >= ? AND start <= ?`,
  );

  function bucket(span: number, start: number, flow: number): Sums {
    const row = ofBucket.get(span, start, flow);
    return row === undefined ? { calls: 0, bytesSent: 0 } : sumsOf(row);
  }

  return {
    inMinutes(flow, from, last) {
      let [calls, bytesSent] = [0, 0];
      for (let start = Math.max(0, startOf(from, minute)); start <= last; start += minute) {
        const one = bucket(minute, start, flow);
        calls += one.calls;
        bytesSent += one.bytesSent;
      }
      return { calls, bytesSent };
    },
    hours(flow, from, to) {
      const found: { start: number; bytesSent: number }[] = [];
      for (let start = Math.max(0, startOf(from, hour)); start + hour <= to; start += hour) {
        const { bytesSent } = bucket(hour, start, flow);
        if (bytesSent > 0) found.push({ start, bytesSent });
      }
      return found;
    },
    hasCalled({ namespace, workload }, host, before) {
      return ['external', 'passthrough'].some((kind) => {
        const [first, behind] = keysOf(JSON.stringify([namespace, workload, kind, host]));
        return older.get(first, behind, before) !== undefined;
      });
    },
    newestMinute() {
      const row = newest.get();
      return row === undefined ? 0 : numberIn(row, 'start');
    },
    *minutesSince(from) {
      for (const row of since.iterate(from)) {
        yield { flow: numberIn(row, 'flow'), start: numberIn(row, 'start'), ...sumsOf(row) };
      }
    },
    *flowsIn(from, last) {
      for (const row of within.iterate(from, last)) yield numberIn(row, 'flow');
    },
  };
}

/** The keys of flows (flow-identity.ts) that begin with these members lie from the first text on, before the second. */
function keysOf(members: string): readonly [string, string] {
  const begin = members.slice(0, -1);
  // What follows `,` in the order of bytes.
  return [`${begin},`, `${begin}-`];
}

function sumsOf(row: Row): Sums {
  return { calls: numberIn(row, 'calls'), bytesSent: numberIn(row, 'bytes_sent') };
}
