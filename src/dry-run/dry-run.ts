// What a change would do to the traffic that was seen: each flow on record is tried in the mesh as it is and in the mesh as it
// would be, by the same verdicts. What was never seen is not told.
import type { Flow } from '../telemetry/flow.ts';
import type { Way } from '../verdict/verdict.ts';

/** A flow on record, of a workload's own proxy. */
export type SeenFlow = Pick<
  Flow,
  'by' | 'source' | 'destination' | 'protocol' | 'requests' | 'connections' | 'lastSeen'
>;

/**
 * `breaks`: left and would not. `opens`: did not and would. `may-…`: as what is not known of it decides. `moves`: leaves another
 * way than now: by another gateway, or with other TLS.
 */
export type Consequence = 'breaks' | 'may-break' | 'opens' | 'may-open' | 'moves';

export interface Effect {
  readonly consequence: Consequence;
  readonly flow: SeenFlow;
  readonly present: readonly Way[];
  readonly changed: readonly Way[];
}

/**
 * `gone`: no proxy of that workload is here. `other`: its host was not told apart. `entering`: came in by a gateway from
 * outside, and what it asked for there is not on record.
 */
export type NotJudged = 'gone' | 'other' | 'entering';

export interface DryRun {
  /** Flows that were tried. */
  readonly judged: number;
  readonly notJudged: Readonly<Record<NotJudged, number>>;
  /** Those of most traffic first. */
  readonly effects: readonly Effect[];
}
