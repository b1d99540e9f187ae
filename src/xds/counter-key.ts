// What Envoy's stats access logger tells of an event, as the one tag of each of its stats: seven fields in one text, of what
// goes out nine.
// A stat costs Envoy about a microsecond for each request, most of it for its tags, so there is one tag, and everything
// that can be found from the cluster's name is found here and not told there.
// Invariant: no field holds anything that a caller chose.

/**
 * Who tells, and of whom. `source`: the caller's own proxy. `destination`: the proxy of what was called. At a gateway
 * `relay`, where another proxy of the mesh sent it, which tells of it too; else `gateway`.
 */
export type Reporter = 'source' | 'destination' | 'gateway' | 'relay';

/** In this order, separated by semicolons; an operator without a value leaves its field empty or `-`. */
export interface CounterKey {
  readonly reporter: Reporter;
  /** Empty if none was chosen. */
  readonly cluster: string;
  /** `block_all`, `allow_any`, `default`, …, or a VirtualService's; of connections only that. Inbound: `mutualTlsRoute`. */
  readonly route: string;
  /** 0 for TCP. */
  readonly code: number;
  /** `-` if none. */
  readonly flags: string;
  /** Empty if none. */
  readonly grpcStatus: string;
  /**
   * TCP to registered destinations: address and port of the upstream, empty if there never was one. Inbound: address of
   * the caller. `-` where it is not told.
   */
  readonly peer: string;
  /** Of what went out. */
  readonly onward?: Onward;
}

/** How the proxy spoke to the upstream. */
export interface Onward {
  /** Of requests: `HTTP/1.1`, `HTTP/2`; empty where none reached an upstream, and of connections. */
  readonly protocol: string;
  /** Who it showed itself as: the URI in its own certificate. Empty where it showed none. */
  readonly shownAs: string;
}

/** In the route's place of what came in by mTLS, whose caller has proved who it is. */
export const mutualTlsRoute = 'mtls';

/** The tag's name. */
export const counterKeyTag = 'key';
/** The scope's prefix, in front of every stat's name in the sink: `istio.istio_requests_total`. */
export const counterScope = 'istio';

/** Undefined if it is none. */
export function parseCounterKey(text: string): CounterKey | undefined {
  const fields = text.split(';');
  const [reporter, cluster, route, code, flags, grpcStatus, peer, protocol, ...shownAs] = fields;
  if (peer === undefined || reporter === undefined || !isReporter(reporter)) return undefined;
  // Keys that were kept before these were told, and those of what comes in, have neither.
  if (protocol !== undefined && shownAs.length === 0) return undefined;
  const number = Number(code);
  return {
    reporter,
    cluster: told(cluster),
    route: told(route),
    code: Number.isInteger(number) && number >= 0 ? number : 0,
    flags: told(flags) === '' ? '-' : told(flags),
    grpcStatus: told(grpcStatus),
    peer,
    // A certificate of the user's own may say anything.
    ...(protocol === undefined ? {} : { onward: { protocol: told(protocol), shownAs: told(shownAs.join(';')) } }),
  };
}

export function isReporter(text: string): text is Reporter {
  return text === 'source' || text === 'destination' || text === 'gateway' || text === 'relay';
}

function told(field: string | undefined): string {
  return field === undefined || field === '-' ? '' : field;
}
