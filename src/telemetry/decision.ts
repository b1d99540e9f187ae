// A decision: something was stopped, or left the mesh unregistered. Events of one reading that are the same in all that
// is told of them are one decision with a count, so that a loop of a thousand calls is one line and not a thousand.
// The signatures are those of Envoy 1.40 (docs/decisions.md has the table).
import type { Destination, Outcome, Protocol } from './traffic.ts';

export type Signature =
  /** HTTP to a host that nobody registered. */
  | 'unknown-host'
  /** TLS with an SNI that nobody registered. */
  | 'unknown-sni'
  /** A connection to an address that nobody registered, without SNI or Host. */
  | 'unknown-address'
  /** CONNECT that no route takes. */
  | 'connect-refused'
  | 'upgrade-refused'
  /** HTTP/1.0 or 0.9. */
  | 'low-version'
  /** A request that could be read in two ways: bad authority, smuggling, NUL. */
  | 'malformed-request'
  | 'missing-host'
  | 'headers-too-large'
  | 'https-on-plaintext'
  /** At a gateway: no Gateway or VirtualService serves the host there. */
  | 'not-served'
  /** At a gateway: a VirtualService leads to what nobody registered. */
  | 'no-destination'
  /** A registered or passed name resolved to an address that is refused (contract 17). */
  | 'address-refused'
  /** EgressPolicies do not allow it to who asked. */
  | 'policy-denied'
  /** The same where they only report: it was let through. */
  | 'policy-reported'
  /** CONNECT asked for one host, and TLS inside names another one that nobody registered. */
  | 'names-differ'
  /** Refused in a way that none of the above names; `details` has Envoy's word. */
  | 'refused'
  /** Left unregistered, since the policy allows any. */
  | 'passed-unregistered';

export interface NewDecision {
  /** Of the first and the last event, milliseconds since 1970. */
  readonly firstAt: number;
  readonly lastAt: number;
  readonly count: number;
  readonly source: {
    readonly namespace: string;
    readonly workload: string;
    readonly pod: string;
    /** `spiffe://cluster.local/ns/<ns>/sa/<sa>`, as its stream proved it. */
    readonly identity: string;
  };
  /** Of a gateway's: `spiffe://…` that the certificate of what called it proved, if it showed one. */
  readonly callerIdentity?: string;
  readonly verdict: 'blocked' | 'passthrough' | 'reported';
  /** Of kind `blocked` or `passthrough`, or what it went to where it is only reported; `serviceEntry` where a registered name was refused. */
  readonly destination: Destination;
  /** Where the connection was going, or the address that was refused: `address:port`; empty if unknown. */
  readonly address: string;
  readonly protocol: Protocol;
  readonly outcome: Outcome;
  readonly signature: Signature;
  /** One sentence for a person. */
  readonly reason: string;
  /** The object that decided, `Istio/istio-system/mesh`, or `default` where no object says anything. */
  readonly object: string;
  /** Envoy's response code details or connection termination details; empty if none. */
  readonly details: string;
  /** HTTP only. The path has no query. */
  readonly method?: string;
  readonly path?: string;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

export interface Decision extends NewDecision {
  /** Grows with every decision of this mesh; never used twice. */
  readonly id: number;
}
