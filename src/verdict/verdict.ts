// What would become of an attempt, as the configuration of the proxies on its way says. Where that hangs on what is not known
// of it, there are several ways, each with its conditions.
import type { Signature } from '../telemetry/decision.ts';

/** `depends`: some ways lead out and some do not. */
export type Answer = 'allowed' | 'refused' | 'depends';

export interface Verdict {
  readonly answer: Answer;
  /** At least one. */
  readonly ways: readonly Way[];
}

export interface Way {
  /** For people; all of them hold on this way. Empty: always, as far as the others do not hold. */
  readonly when: readonly string[];
  /** Proxies that have a part in it, the caller's first. */
  readonly hops: readonly Hop[];
  readonly end: End;
}

/** How bytes leave a proxy. `as-sent`: as they came in. `originated`: TLS by the proxy. `mutual`: mTLS of the mesh. */
export type HopTls = 'as-sent' | 'originated' | 'mutual';

export interface Hop {
  readonly kind: 'sidecar' | 'gateway';
  readonly namespace: string;
  readonly workload: string;
  /** Names in the proxy's configuration, for `proxy-config`; empty where it did not come so far. */
  readonly listener: string;
  readonly chain: string;
  readonly route: string;
  readonly cluster: string;
  readonly tls: HopTls;
  /** Objects that what it took was made from, `ServiceEntry/default/api`; the deciding one is `End`'s. */
  readonly objects: readonly string[];
}

export type End = Arrived | Passed | Answered | Refused | Unanswered | Untold;

/** At a service of the mesh, or at a registered host outside. */
export interface Arrived {
  readonly kind: 'service' | 'external';
  readonly host: string;
  readonly port: number;
  /** What registers it; `default` if that is not known. */
  readonly object: string;
  /** `namespace/name`, of an external host. */
  readonly serviceEntry?: string;
  readonly tls: HopTls;
  /** EgressPolicies in mode `report` would stop it. */
  readonly reported?: string;
}

/** Outside, though nobody registered it. */
export interface Passed {
  readonly kind: 'passthrough';
  readonly host: string;
  readonly port: number;
  readonly signature: Signature;
  readonly reason: string;
  readonly object: string;
}

/** By a proxy itself: a VirtualService's redirect, response or fault. Below 400 it counts as allowed. */
export interface Answered {
  readonly kind: 'answered';
  readonly code: number;
  readonly object: string;
}

export interface Refused {
  readonly kind: 'refused';
  /** What the caller sees: a status, or its connection closed without an answer. */
  readonly how: number | 'closed';
  readonly signature: Signature;
  /** As `logs --decisions` would tell it. */
  readonly reason: string;
  readonly object: string;
}

/** It is registered, and nothing is there that would answer. Counts as refused. */
export interface Unanswered {
  readonly kind: 'unanswered';
  readonly how: number | 'closed';
  readonly host: string;
  readonly port: number;
  readonly reason: string;
  readonly object: string;
}

/** What was met on the way is nothing that verdicts know, so that no answer is given. */
export interface Untold {
  readonly kind: 'untold';
  /** `cannot be told: …` */
  readonly reason: string;
}
