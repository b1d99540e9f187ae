// What a change would do to the traffic that was seen: each flow on record is tried in the mesh as it is and in the mesh as it
// would be, by the same verdicts. What was never seen is not told.
import type { DestinationKind, Protocol } from '../telemetry/traffic.ts';
import type { HopTls } from '../verdict/verdict.ts';

/**
 * `breaks`: left and would not. `opens`: did not and would. `may-…`: as what is not known of it decides. `moves`: leaves another
 * way than now: by another gateway, or with other TLS.
 */
export const consequences = ['breaks', 'may-break', 'opens', 'may-open', 'moves'] as const;
export type Consequence = (typeof consequences)[number];

/** The same call of one workload, however it ended when it was seen. */
export interface Effect {
  readonly consequence: Consequence;
  readonly source: { readonly namespace: string; readonly workload: string };
  readonly destination: {
    readonly host: string;
    readonly port: number;
    /** As what it is on record; of several the last. */
    readonly kind: DestinationKind;
    readonly serviceEntry?: string;
  };
  readonly protocol: Protocol;
  readonly requests: number;
  readonly connections: number;
  /** RFC 3339. */
  readonly lastSeen: string;
  /** Of what hangs on what is not known of the calls: what would have to hold, for people. Empty: it is certain. */
  readonly when: readonly string[];
  readonly present: Outcome;
  readonly changed: Outcome;
}

export interface Outcome {
  readonly leaves: boolean;
  /** What the caller sees where it is stopped. */
  readonly sees?: number | 'closed';
  /** That decides. */
  readonly object: string;
  readonly reason?: string;
  /** `namespace/workload` of the gateways on the way. */
  readonly via: readonly string[];
  /** How it leaves the last proxy. */
  readonly tls: HopTls;
}

/**
 * `gone`: no proxy of that workload is here. `other`: its host was not told apart. `entering`: came in by a gateway from
 * outside, and what it asked for there is not on record.
 */
export type NotJudged = 'gone' | 'other' | 'entering';

export interface DryRun {
  /** RFC 3339; flows are told from here on, as far as they are kept. */
  readonly since: string;
  /** Flows that were tried. */
  readonly judged: number;
  readonly notJudged: Readonly<Record<NotJudged, number>>;
  readonly summary: Readonly<Record<Consequence, EffectCounts>>;
  /** By consequence, those of most traffic first; at most `mostEffects` of each. */
  readonly effects: readonly Effect[];
}

export interface EffectCounts {
  /** Of one workload to one host and port by one protocol. */
  readonly calls: number;
  readonly workloads: number;
  readonly hosts: number;
}

/** Of each consequence; the summary counts all. */
export const mostEffects = 1000;
