// The ledger: where observations become flows, metric series and decision records, and where each source of them is read
// on from after a restart. One batch is one transaction: what was counted and how far was read are on the disk together
// or not at all, so a death at any moment neither loses nor doubles. What readers see is what was committed.
import type { Alert, AlertReader } from './alert.ts';
import type { Decision, NewDecision } from './decision.ts';
import type { Flow, FlowQuery } from './flow.ts';
import type { Observation } from './observation.ts';
import type { MetricSeries } from './series.ts';

export interface Batch {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly observations: readonly Observation[];
  readonly decisions: readonly NewDecision[];
  /** How far each source was read, by its name, in that source's own words; undefined: the source is no more. */
  readonly positions: ReadonlyMap<string, string | undefined>;
  /** Events whose records were lost, by reason (`disk-full`, `rotated-unread`, …). */
  readonly dropped: ReadonlyMap<string, number>;
}

export interface Committed {
  readonly at: number;
  /** In the order of their ids. */
  readonly decisions: readonly Decision[];
  /** Whether flows changed. */
  readonly flows: boolean;
  readonly alerts: boolean;
}

export interface DecisionQuery {
  /** Milliseconds since 1970: decisions whose last event is not before it. */
  readonly since?: number;
  /** Decisions with a greater id only. */
  readonly afterId?: number;
  readonly namespace?: string;
  readonly workload?: string;
  readonly host?: string;
  readonly verdict?: Decision['verdict'];
  /** The newest so many, told oldest first; 1000 if absent. With `afterId` the oldest so many. */
  readonly limit?: number;
}

export interface LedgerReader extends AlertReader {
  flows(query: FlowQuery): readonly Flow[];
  decisions(query: DecisionQuery): readonly Decision[];
  /** The id of the newest decision, 0 if there is none. */
  lastDecisionId(): number;
  series(): Iterable<MetricSeries>;
  /** Since the ledger was made, by reason. */
  dropped(): ReadonlyMap<string, number>;
  /** Called after each commit that had something in it. Returns the unsubscribe function. */
  subscribe(listener: (committed: Committed) => void): () => void;
}

export interface Ledger extends LedgerReader {
  positions(): ReadonlyMap<string, string>;
  /** Throws SallyportError (`SP_DISK_FULL`, `SP_STORE_IO`): nothing of the batch was taken, it may be tried again. */
  commit(batch: Batch): void;
  /** Takes away what is older than it is kept or above the bounds; called now and then. */
  sweep(now: number): void;
  /** A person knows of it. Undefined: there is no such alert. Throws as commit does. */
  acknowledge(id: number): Alert | undefined;
  close(): void;
}
