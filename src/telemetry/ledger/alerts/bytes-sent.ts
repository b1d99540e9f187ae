// Watches how much goes out to each host, against what the ledger says went out before. Looked up where there is more than is
// never too much, and then once a minute or when it is a quarter more.
import type { AlertSettings } from '../../../api/alert-settings.ts';
import type { Alert } from '../../alert.ts';
import { type BytesOut, judgeBytesOut, stretchMs } from '../../alerts/bytes-out.ts';
import type { Horizons } from '../horizons.ts';
import { workloadName } from '../host-cap.ts';
import { hour, minute } from '../spans.ts';
import type { AlertTable } from './alert-table.ts';
import type { FlowHistory } from './flow-history.ts';
import { callsIn, type OutwardRow } from './outward-row.ts';
import type { Raise } from './raise.ts';
import { createRecentSums } from './recent-sums.ts';

export interface BytesSent {
  look(row: OutwardRow, going: readonly Alert[], said: AlertSettings): void;
  /** What was there before this process. */
  recall(flow: number, start: number, bytes: number): void;
  expire(now: number): void;
  clear(): void;
}

interface Parts {
  readonly horizons: Horizons;
  readonly history: FlowHistory;
  readonly alerts: AlertTable;
  readonly raise: Raise;
}

interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Hours that are held against each other. */
const historyMs = 7 * 24 * hour;
const grown = 1.25;

export function watchBytesSent({ horizons, history, alerts, raise }: Parts): BytesSent {
  const recent = createRecentSums<number>(stretchMs);
  /** By flow: in which minute it was held against its history last, and how much it was. */
  let judged = new Map<number, { readonly start: number; readonly bytes: number }>();

  /** What an alert was raised for is no history, unless a person has said that it is known. */
  function spikesOf({ source, destination }: OutwardRow['seen']): readonly Stretch[] {
    const workload = workloadName(source);
    const spikes: Stretch[] = [];
    for (const { kind, state, source: who, destination: what, firstAt, lastAt } of alerts.all()) {
      if (kind !== 'bytes-out' || state === 'acknowledged' || workloadName(who) !== workload) continue;
      if (what.host === destination.host) spikes.push({ from: firstAt - stretchMs, to: lastAt + minute });
    }
    return spikes;
  }

  function told({ flow, start, seen }: OutwardRow): BytesOut {
    const spikes = spikesOf(seen);
    const isSpike = (from: number, to: number) => spikes.some((spike) => spike.from < to && spike.to > from);
    const end = start + minute;
    const sent = (from: number, to: number) => history.inMinutes(flow, from, to - minute).bytesSent;
    const stretches: number[] = [];
    for (let to = end - hour + stretchMs; to < end; to += stretchMs) {
      const bytes = sent(to - stretchMs, to);
      // Before the first there was no flow.
      if ((bytes > 0 || stretches.length > 0) && !isSpike(to - stretchMs, to)) stretches.push(bytes);
    }
    const hours = history.hours(flow, start - historyMs, horizons.before(minute));
    return {
      destination: seen.destination,
      inStretch: sent(end - stretchMs, end),
      inHour: sent(end - hour, end),
      stretchesBefore: stretches,
      hoursBefore: hours.filter((one) => !isSpike(one.start, one.start + hour)).map(({ bytesSent }) => bytesSent),
    };
  }

  return {
    look(row, going, said) {
      const { flow, start, bytesSent } = row;
      if (bytesSent === 0) return;
      const atMost = recent.add(flow, start, bytesSent);
      if (atMost < said.bytesOutMinimum) return;
      const last = judged.get(flow);
      if (last?.start === start && atMost < grown * last.bytes) return;
      judged.set(flow, { start, bytes: atMost });
      const found = judgeBytesOut(told(row), said);
      if (found === undefined || raise.more(going, 'bytes-out', row, 'same')) return;
      raise.one(row, found, callsIn(row));
    },
    recall(flow, start, bytes) {
      recent.add(flow, start, bytes);
    },
    clear: recent.clear,
    expire(now) {
      recent.expire(now - 2 * stretchMs);
      judged = new Map();
    },
  };
}
