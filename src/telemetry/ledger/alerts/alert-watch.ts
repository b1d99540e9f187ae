// Looks at what a batch adds to flows, and keeps alerts: what goes on is counted, what is new is judged by the detectors
// (telemetry/alerts), which are asked only where a cheap look says that it may matter. Part of the batch's transaction; all
// that is remembered is in the ledger's own tables or made of them again, so that an alert is neither lost nor doubled.
import { type AlertSettings, defaultAlertSettings } from '../../../api/alert-settings.ts';
import { defaultTrustDomain } from '../../../api/spiffe.ts';
import { stretchMs } from '../../alerts/bytes-out.ts';
import { isBareAddress, judgeBareAddress } from '../../alerts/ip-literal.ts';
import { judgeNames } from '../../alerts/name-mismatch.ts';
import type { NewDecision } from '../../decision.ts';
import type { LedgerContext } from '../context.ts';
import type { FlowParts, WrittenFlows } from '../flow-buckets.ts';
import { workloadName } from '../host-cap.ts';
import type { AlertTable } from './alert-table.ts';
import { watchBlockedCalls } from './blocked-calls.ts';
import { watchBytesSent } from './bytes-sent.ts';
import { watchFirstCalls } from './first-calls.ts';
import { createFlowHistory } from './flow-history.ts';
import { createLearning } from './learning.ts';
import { callsIn, isOutward, type OutwardRow } from './outward-row.ts';
import { createRaise } from './raise.ts';

/** What alerts need to know beside traffic. */
export interface AlertSurroundings {
  settings(): AlertSettings;
  /** Of workloads' identities. */
  trustDomain(): string;
  /** Whether it is an address of the mesh's own. */
  isInside(address: string): boolean;
}

export const plainSurroundings: AlertSurroundings = {
  settings: () => defaultAlertSettings,
  trustDomain: () => defaultTrustDomain,
  isInside: () => false,
};

export interface AlertWatch {
  /** What was written of a batch. */
  look(written: WrittenFlows): void;
  /** What was decided in it. */
  hear(decisions: readonly NewDecision[]): void;
  /** Within a transaction. */
  sweep(now: number): void;
  /** The transaction failed: what is remembered is made anew, when it is wanted. */
  forget(): void;
}

export function createAlertWatch(
  context: LedgerContext,
  { identities, horizons }: Pick<FlowParts, 'identities' | 'horizons'>,
  alerts: AlertTable,
  { settings, trustDomain, isInside }: AlertSurroundings,
): AlertWatch {
  const history = createFlowHistory(context);
  const learning = createLearning(context);
  const raise = createRaise(alerts, trustDomain);
  const lookAtFirst = watchFirstCalls(history, learning, raise);
  const blocked = watchBlockedCalls({ identities, history, alerts, raise });
  const bytes = watchBytesSent({ horizons, history, alerts, raise });
  let forgotten = false;
  recall();

  function recall(): void {
    forgotten = false;
    blocked.clear();
    bytes.clear();
    for (const { flow, start, calls, bytesSent } of history.minutesSince(history.newestMinute() - 2 * stretchMs)) {
      const { source, destination } = identities.value(flow) ?? {};
      if (source === undefined || destination === undefined) continue;
      if (destination.kind === 'blocked') blocked.recall(flow, source, start, calls);
      else if (destination.kind !== 'service') bytes.recall(flow, start, bytesSent);
    }
  }

  function lookAt(row: OutwardRow, firstNew: number | undefined, said: AlertSettings): void {
    const { source, destination, protocol } = row.seen;
    const going = alerts.of(workloadName(source), destination.host);
    const isOff = (kind: AlertSettings['off'][number]) => said.off.includes(kind);
    if (isBareAddress(destination) && !isOff('ip-literal') && !raise.more(going, 'ip-literal', row, 'same')) {
      if (!isInside(destination.host)) raise.one(row, judgeBareAddress(destination, protocol), callsIn(row));
    }
    if (destination.kind === 'blocked') {
      if (!isOff('blocked-burst')) blocked.look(row, going, said);
      return;
    }
    if (!isOff('first-seen')) lookAtFirst(row, going, firstNew, said);
    if (!isOff('bytes-out')) bytes.look(row, going, said);
  }

  return {
    look({ rows, added }) {
      const said = settings();
      // With what this batch has written; a bound that is too high is good as well.
      if (forgotten) recall();
      blocked.begin();
      // Numbers of flows grow.
      const [firstNew] = added;
      for (const row of rows) {
        const isNew = added.has(row.flow);
        if (isNew) learning.note(row.seen.source, row.firstAt);
        if (isOutward(row)) lookAt(row, isNew ? firstNew : undefined, said);
      }
    },
    hear(decisions) {
      if (settings().off.includes('name-mismatch')) return;
      for (const decision of decisions) {
        const found = judgeNames(decision);
        if (found !== undefined) raise.told(decision, found);
      }
    },
    forget() {
      forgotten = true;
    },
    sweep(now) {
      blocked.expire(now);
      bytes.expire(now);
      const { resolveAfterMs } = settings();
      alerts.settle({ now, quietSince: now - resolveAfterMs, keptSince: now - context.bounds.keptMs });
    },
  };
}
