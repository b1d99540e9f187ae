// What Envoy's stats access logger tells of an event, as the one tag of each of its stats: seven fields in one text.
// A stat costs Envoy about a microsecond for each request, most of it for its tags, so there is one tag, and everything
// that can be found from the cluster's name is found here and not told there.
// Invariant: no field holds anything that a caller chose.

/** In this order, separated by semicolons; `-` where there is nothing to say. */
export interface CounterKey {
  readonly reporter: 'source' | 'destination';
  readonly cluster: string;
  /** `block_all`, `allow_any`, `default`, …; HTTP only. */
  readonly route: string;
  /** 0 for TCP. */
  readonly code: number;
  readonly flags: string;
  readonly grpcStatus: string;
  /** TCP to registered destinations: address and port of the upstream. Inbound: address and port of the caller. */
  readonly peer: string;
}

/** The tag's name. */
export const counterKeyTag = 'key';
/** The scope's prefix, in front of every stat's name in the sink: `istio.istio_requests_total`. */
export const counterScope = 'istio';
