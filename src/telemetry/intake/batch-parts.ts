// A batch for the ledger while it is being put together.
import type { NewDecision } from '../decision.ts';
import type { Observation } from '../observation.ts';

export interface BatchParts {
  readonly observations: Observation[];
  readonly decisions: NewDecision[];
  readonly positions: Map<string, string | undefined>;
  readonly dropped: Map<string, number>;
}

export function emptyBatch(): BatchParts {
  return { observations: [], decisions: [], positions: new Map(), dropped: new Map() };
}

export function isEmpty({ observations, decisions, positions, dropped }: BatchParts): boolean {
  return observations.length === 0 && decisions.length === 0 && positions.size === 0 && dropped.size === 0;
}

export function addDropped({ dropped }: Pick<BatchParts, 'dropped'>, reason: string, count: number): void {
  if (count > 0) dropped.set(reason, (dropped.get(reason) ?? 0) + count);
}
