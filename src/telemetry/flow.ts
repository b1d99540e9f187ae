// A flow: all traffic between one workload and one destination in a stretch of time, as `sallyport traffic -o json` tells
// it (contract). Kept by the minute for an hour and by the hour for 31 days; a query is answered from the finer of them
// that reaches back far enough, in whole minutes or hours.
import type { MtlsUse } from './mtls-use.ts';
import type { DestinationKind, Protocol } from './traffic.ts';

export interface FlowQuery {
  /** Milliseconds since 1970; rounded down to the bucket it lies in. */
  readonly from: number;
  /** Rounded up; now if absent. */
  readonly to?: number;
  /** Of the source. */
  readonly namespace?: string;
  readonly workload?: string;
  /** Also what gateways passed on of other flows. */
  readonly relays?: boolean;
}

export interface FlowPeer {
  readonly address: string;
  readonly locality?: string;
  readonly requests: number;
  readonly connections: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** Of one that passes a gateway its use of mTLS is that of the way to the first. */
export interface Flow extends MtlsUse {
  /** As in Observation. A relay is part of other flows: those with that gateway in `via`. */
  readonly by?: 'gateway' | 'relay';
  readonly source: { readonly namespace: string; readonly workload: string };
  readonly destination: {
    readonly kind: DestinationKind;
    readonly host: string;
    readonly port: number;
    readonly serviceEntry?: string;
  };
  /** Gateways passed, in order: `namespace/workload`. */
  readonly via: readonly string[];
  readonly protocol: Protocol;
  readonly requests: number;
  /** TCP and TLS: those that were opened; of blocked ones those that were refused. */
  readonly connections: number;
  /** By response code; empty where the protocol has none. */
  readonly responses: Readonly<Record<string, number>>;
  /** By response flags, without those that ended well (`-`). */
  readonly flags: Readonly<Record<string, number>>;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Connections that are open now, whenever they were opened. */
  readonly open: number;
  /** Where it went, most used first; at most 20, the rest is missing. */
  readonly peers: readonly FlowPeer[];
  /** RFC 3339, of the first and last event in the stretch. */
  readonly firstSeen: string;
  readonly lastSeen: string;
}
