// Watches what is stopped: how often one host, and how many hosts, within five minutes. Counted exactly where the cheap bound
// says that it may be a burst.
import type { AlertSettings } from '../../../api/alert-settings.ts';
import { type Alert, manyHosts } from '../../alert.ts';
import { burstMs, judgeBlockedCalls, judgeBlockedHosts } from '../../alerts/blocked-burst.ts';
import type { FlowParts } from '../flow-buckets.ts';
import type { FlowIdentity } from '../flow-identity.ts';
import { workloadName } from '../host-cap.ts';
import { minute } from '../spans.ts';
import type { AlertTable } from './alert-table.ts';
import type { FlowHistory } from './flow-history.ts';
import { callsIn, type OutwardRow } from './outward-row.ts';
import type { Raise } from './raise.ts';
import { createRecentSums } from './recent-sums.ts';

export interface BlockedCalls {
  look(row: OutwardRow, going: readonly Alert[], said: AlertSettings): void;
  /** What was there before this process. */
  recall(flow: number, source: FlowIdentity['source'], start: number, calls: number): void;
  /** A batch begins. */
  begin(): void;
  expire(now: number): void;
  clear(): void;
}

interface Parts {
  readonly identities: FlowParts['identities'];
  readonly history: FlowHistory;
  readonly alerts: AlertTable;
  readonly raise: Raise;
}

export function watchBlockedCalls(parts: Parts): BlockedCalls {
  const { identities, history, alerts, raise } = parts;
  const calls = createRecentSums<number>(burstMs);
  /** How many flows of a workload begin a stretch. */
  const hosts = createRecentSums<string>(burstMs);

  function note(flow: number, workload: string, start: number, amount: number) {
    const first = calls.isFirst(flow, start);
    return { calls: calls.add(flow, start, amount), hosts: hosts.add(workload, start, first ? 1 : 0) };
  }

  /** By the minute in which the stretch ends: the hosts of each workload. What is written does not change within a batch. */
  let counted = new Map<number, ReadonlyMap<string, ReadonlySet<string>>>();

  function hostsOf(workload: string, start: number): number {
    const all = counted.get(start) ?? hostsIn(start);
    counted.set(start, all);
    return all.get(workload)?.size ?? 0;
  }

  function hostsIn(start: number): ReadonlyMap<string, ReadonlySet<string>> {
    const found = new Map<string, Set<string>>();
    for (const flow of history.flowsIn(start - burstMs + minute, start)) {
      const { source, destination } = identities.value(flow) ?? {};
      if (source === undefined || destination?.kind !== 'blocked') continue;
      const workload = workloadName(source);
      found.set(workload, (found.get(workload) ?? new Set()).add(destination.host));
    }
    return found;
  }

  return {
    look(row, going, said) {
      const { flow, start, seen } = row;
      const workload = workloadName(seen.source);
      const atMost = note(flow, workload, start, callsIn(row));
      if (!raise.more(going, 'blocked-burst', row, 'same') && atMost.calls >= said.blockedCalls) {
        const exactly = history.inMinutes(flow, start - burstMs + minute, start).calls;
        const found = judgeBlockedCalls(seen.destination, exactly, said);
        if (found !== undefined) raise.one(row, found, exactly);
      }
      if (atMost.hosts < said.blockedHosts) return;
      if (raise.more(alerts.of(workload, manyHosts), 'blocked-burst', row, 'any')) return;
      const found = judgeBlockedHosts(hostsOf(workload, start), said);
      if (found !== undefined) raise.many(row, found, callsIn(row));
    },
    recall(flow, source, start, amount) {
      note(flow, workloadName(source), start, amount);
    },
    begin() {
      counted = new Map();
    },
    clear() {
      calls.clear();
      hosts.clear();
    },
    expire(now) {
      calls.expire(now - 2 * burstMs);
      hosts.expire(now - 2 * burstMs);
    },
  };
}
