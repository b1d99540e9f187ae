// What was seen: each flow once, with how often and when. It is what a change of the configuration is held against, for a
// month of a busy mesh within a second; what is told of how flows ended and where they went is left to flow.ts.
import type { Flow } from './flow.ts';
import type { DestinationKind } from './traffic.ts';

export interface SeenQuery {
  /** Milliseconds since 1970; rounded down to the minute or hour that it lies in. 0: all that is kept. */
  readonly since: number;
  /** Of the source. */
  readonly namespace?: string;
  /** All if absent. */
  readonly kinds?: readonly DestinationKind[];
}

/** Without what gateways passed on of other flows. Times are of the first and last event since then. */
export type SeenFlow = Pick<
  Flow,
  'by' | 'source' | 'destination' | 'via' | 'protocol' | 'requests' | 'connections' | 'firstSeen' | 'lastSeen'
>;

/** Since when anything of these is on record, in milliseconds since 1970; undefined: nothing is. */
export function recordedSince(seen: Iterable<SeenFlow>): number | undefined {
  let first: string | undefined;
  for (const { firstSeen } of seen) if (first === undefined || firstSeen < first) first = firstSeen;
  return first === undefined ? undefined : Date.parse(first);
}
