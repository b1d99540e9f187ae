// A ledger that keeps what it is given, so that a test can add it up. A commit is all or nothing, and can be made to fail.
import type { NewDecision } from '../../decision.ts';
import type { Batch, Ledger } from '../../ledger.ts';
import type { Observation } from '../../observation.ts';

export interface MemoryLedger extends Ledger {
  readonly observations: readonly Observation[];
  readonly told: readonly NewDecision[];
  readonly commits: number;
  /** Thrown by each commit until it is undefined again. */
  failure: Error | undefined;
}

export function createMemoryLedger(): MemoryLedger {
  const observations: Observation[] = [];
  const told: NewDecision[] = [];
  const positions = new Map<string, string>();
  const dropped = new Map<string, number>();
  let commits = 0;
  return {
    observations,
    told,
    get commits() {
      return commits;
    },
    failure: undefined,
    commit(batch: Batch) {
      if (this.failure !== undefined) throw this.failure;
      commits += 1;
      for (const observation of batch.observations) observations.push(observation);
      for (const decision of batch.decisions) told.push(decision);
      for (const [reason, count] of batch.dropped) dropped.set(reason, (dropped.get(reason) ?? 0) + count);
      for (const [name, text] of batch.positions) {
        if (text === undefined) positions.delete(name);
        else positions.set(name, text);
      }
    },
    positions: () => new Map(positions),
    dropped: () => dropped,
    sweep() {},
    close() {},
    flows: () => [],
    decisions: () => [],
    lastDecisionId: () => 0,
    series: () => [],
    alerts: () => [],
    acknowledge: () => undefined,
    subscribe: () => () => {},
  };
}
