// What one reading of a proxy's counters or records adds: differences, never totals. The ledger adds them up into flows
// and metric series. Invariant: an event is in exactly one observation, however often its proxy, or we, start anew.
import type { Destination, Outcome, Protocol, Source } from './traffic.ts';

/** Bounds are those of Envoy and Istio; each bucket holds what is above the bound before it and up to its own. */
export interface HistogramDelta {
  /** One for each bound, and one for what is above the last. */
  readonly buckets: readonly number[];
  readonly sum: number;
}

/** Upper bounds of all histograms: milliseconds of durations, bytes of sizes. Envoy's defaults. */
export const histogramBounds = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
] as const;

/** Buckets that only one of them has count as they are. */
export function sumOfHistograms(one: HistogramDelta, other: HistogramDelta | undefined): HistogramDelta {
  if (other === undefined) return one;
  const [longer, shorter] = one.buckets.length >= other.buckets.length ? [one, other] : [other, one];
  const buckets = longer.buckets.map((count, index) => count + (shorter.buckets[index] ?? 0));
  return { buckets, sum: one.sum + other.sum };
}

export interface Observation {
  /** Of the last event in it, milliseconds since 1970. */
  readonly at: number;
  /** `source`: seen by the caller's proxy. `destination`: by the proxy of what was called; flows leave those out. */
  readonly reporter: 'source' | 'destination';
  /** Undefined where a destination's proxy does not know its caller. */
  readonly source: Source | undefined;
  /** What was called; of requests that a gateway passed on what they were for. */
  readonly destination: Destination;
  /** Where it went first, if that was a gateway: the Service before it, which metrics tell (Istio's sidecar sees no further). */
  readonly nextHop?: Destination;
  /**
   * Absent: seen by the caller's own proxy, or a destination's. `gateway`: by a gateway, whose caller is none of the mesh.
   * `relay`: by a gateway, of what another proxy of the mesh tells too; it is no flow of its own.
   */
  readonly by?: 'gateway' | 'relay';
  /** Of what came by mTLS, seen by the destination's proxy: who both ends have proved to be (SPIFFE). */
  readonly principals?: { readonly source: string | undefined; readonly destination: string };
  /** Of what went within the mesh or to its gateway, seen by who sent it: whether by mTLS. Absent where it went nowhere. */
  readonly mtls?: boolean;
  readonly protocol: Protocol;
  readonly outcome: Outcome;
  /** Gateways passed, in order: `namespace/workload`. */
  readonly via: readonly string[];
  /** Address of the upstream without its port, and its locality (`region/zone/subzone`). */
  readonly peer?: { readonly address: string; readonly locality?: string };
  /** HTTP and gRPC. */
  readonly requests: number;
  /** TCP and TLS. A blocked connection is closed and was never opened, as in Istio. */
  readonly opened: number;
  readonly closed: number;
  /**
   * Of the closed ones, those that were never opened: blocked, or the destination could not be reached; 0 if absent.
   * What is open now is `opened - closed + unopened` of all observations.
   */
  readonly unopened?: number;
  /**
   * From the caller to the destination, and back: what flows add up. Metrics never read these. Those of registered
   * destinations come by the cluster, as they cross the wire, in observations of their own that have nothing else.
   */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /**
   * What metrics add beside the counts above. Absent: metrics leave this observation out (`bytes` on the wire, which only
   * flows tell; Istio's sizes are those of bodies).
   */
  readonly metrics?: {
    /**
     * TCP and TLS only: what `istio_tcp_sent_bytes_total` (back to the caller, in Istio's words) and
     * `istio_tcp_received_bytes_total` (from it) add; 0 if absent. Told at a connection's end. Flows leave them out, but
     * for the bytes of the `peer`, which the wire's cannot tell.
     */
    readonly sentBytes?: number;
    readonly receivedBytes?: number;
    readonly durations?: HistogramDelta;
    readonly requestSizes?: HistogramDelta;
    readonly responseSizes?: HistogramDelta;
    readonly requestMessages?: number;
    readonly responseMessages?: number;
  };
}
