// A reader's place among the decisions. It reads on in the ledger itself, so a reader that is slow or was away loses none
// as long as they are kept, and gets none twice.
import type { Decision } from '../../telemetry/decision.ts';
import type { DecisionQuery, LedgerReader } from '../../telemetry/ledger.ts';

export type DecisionFilter = Omit<DecisionQuery, 'since' | 'afterId' | 'limit'>;

export interface DecisionPart {
  /** In the order of their ids; may be empty where some were missed. */
  readonly decisions: readonly Decision[];
  /** Where to go on. */
  readonly lastId: number;
  /** Decisions, of any filter, that are no longer kept. */
  readonly missed: number;
}

/** So that one message is small: some hundred kilobytes. */
const partSize = 200;

/** The next part, again and again; undefined when there is none yet. `afterId` 0: from the first that is kept. */
export function decisionCursor(
  traffic: LedgerReader,
  filter: DecisionFilter,
  afterId: number,
): () => DecisionPart | undefined {
  let at = afterId;

  function missedUntil(newest: number): number {
    if (at === 0) return 0;
    const [oldest] = traffic.decisions({ afterId: 0, limit: 1 });
    return oldest === undefined ? newest - at : Math.max(0, oldest.id - at - 1);
  }

  return () => {
    const newest = traffic.lastDecisionId();
    // An id of another ledger, whose folder is gone: all of this one are new.
    if (at > newest) at = 0;
    if (at === newest) return undefined;
    const missed = missedUntil(newest);
    const decisions = traffic.decisions({ ...filter, afterId: at, limit: partSize });
    // What the filter leaves out is behind the reader as well.
    at = decisions.length < partSize ? newest : (decisions.at(-1)?.id ?? newest);
    return decisions.length === 0 && missed === 0 ? undefined : { decisions, lastId: at, missed };
  };
}
