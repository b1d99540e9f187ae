// What the API reads of traffic, kept in memory: flows are given as they are, decisions get ids and can be forgotten.
import type { Alert } from '../../telemetry/alert.ts';
import type { Decision, NewDecision } from '../../telemetry/decision.ts';
import type { Flow } from '../../telemetry/flow.ts';
import type { Committed, DecisionQuery, LedgerReader } from '../../telemetry/ledger.ts';
import type { MetricSeries } from '../../telemetry/series.ts';

export interface MemoryLedger extends LedgerReader {
  /** One commit. Flows and alerts replace those that were there. */
  commit(change: {
    readonly flows?: readonly Flow[];
    readonly decisions?: readonly NewDecision[];
    readonly alerts?: readonly Alert[];
  }): void;
  /** Decisions up to this id are no longer kept. */
  forget(upToId: number): void;
  /** Subscribers. */
  listeners(): number;
}

export function memoryLedger(all: Iterable<MetricSeries> = [], dropped = new Map<string, number>()): MemoryLedger {
  const listeners = new Set<(committed: Committed) => void>();
  let flows: readonly Flow[] = [];
  let decisions: readonly Decision[] = [];
  let alerts: readonly Alert[] = [];
  let lastId = 0;
  return {
    flows: ({ namespace, workload }) =>
      flows.filter(
        ({ source }) =>
          (namespace === undefined || source.namespace === namespace) &&
          (workload === undefined || source.workload === workload),
      ),
    decisions(query) {
      const found = decisions.filter((decision) => fits(decision, query));
      const { limit = 1000, afterId } = query;
      return afterId === undefined ? found.slice(-limit) : found.slice(0, limit);
    },
    lastDecisionId: () => lastId,
    alerts: ({ namespace, kind, state }) =>
      alerts.filter(
        (one) =>
          (namespace === undefined || one.source.namespace === namespace) &&
          (kind === undefined || one.kind === kind) &&
          (state === undefined || one.state === state),
      ),
    series: () => all,
    dropped: () => dropped,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    commit(change) {
      const added = (change.decisions ?? []).map((decision, index) => ({ ...decision, id: lastId + 1 + index }));
      lastId += added.length;
      decisions = [...decisions, ...added];
      flows = change.flows ?? flows;
      alerts = change.alerts ?? alerts;
      const changed = { flows: change.flows !== undefined, alerts: change.alerts !== undefined };
      const committed = { at: Date.now(), decisions: added, ...changed };
      for (const listener of listeners) listener(committed);
    },
    forget(upToId) {
      decisions = decisions.filter(({ id }) => id > upToId);
    },
    listeners: () => listeners.size,
  };
}

function fits({ id, lastAt, source, destination, verdict }: Decision, query: DecisionQuery): boolean {
  return (
    lastAt >= (query.since ?? 0) &&
    id > (query.afterId ?? 0) &&
    (query.namespace === undefined || source.namespace === query.namespace) &&
    (query.workload === undefined || source.workload === query.workload) &&
    (query.host === undefined || destination.host === query.host) &&
    (query.verdict === undefined || verdict === query.verdict)
  );
}
