// What all observations of a proxy's counters have in common: who called whom, by which way, and how it ended.
import { spiffeIdentity } from '../../../api/spiffe.ts';
import { type CounterKey, mutualTlsRoute } from '../../../xds/counter-key.ts';
import { isConnectRoute } from '../../../xds/names.ts';
import type { Observation } from '../../observation.ts';
import type { Destination, Outcome, Protocol, Source } from '../../traffic.ts';
import type { Caller } from '../caller.ts';
import { meaningOf } from '../key-meaning.ts';
import type { Meanings } from '../meanings.ts';
import { withoutPort } from '../peer-address.ts';
import type { Registry } from '../registry.ts';
import { sentByMtls } from '../sent-by-mtls.ts';
import { byOf } from '../teller.ts';
import type { Entry } from './counter-entry.ts';
import { neverOpened } from './open-connections.ts';
import type { ProxyTotals } from './proxy-totals.ts';

export interface ObserveOptions {
  readonly caller: Caller;
  readonly totals: Pick<ProxyTotals, 'requestsTo' | 'sharesOf' | 'mostTo'>;
  readonly meanings: Meanings;
  readonly registry: Registry;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export type Gain = Pick<Entry, 'family' | 'key' | 'gained'>;

/** All but what was counted. */
export function observationOf(options: ObserveOptions, key: CounterKey, family: 'http' | 'tcp'): Observation {
  const { caller, meanings, registry, at } = options;
  const own = caller.source;
  const nothing = { requests: 0, opened: 0, closed: 0, bytesSent: 0, bytesReceived: 0 };
  const seen = { at, outcome: outcomeOf(key), ...nothing };
  if (key.reporter === 'destination') {
    const source = registry.workloadAt(withoutPort(key.peer));
    const inbound = { reporter: 'destination', source, destination: ownDestination(own, key), via: [] } as const;
    return { ...seen, ...inbound, ...principalsOf(key, source, options), protocol: protocolOf(key, family, family) };
  }
  const { destination, via, nextHop, protocol, onlyPeer } = meaningOf(meanings, own.namespace, key, family);
  // The address of a gateway is not where it went.
  const peer = nextHop === undefined ? (meanings.peer(own.namespace, key) ?? onlyPeer) : undefined;
  const reached = family === 'http' ? key.onward?.protocol !== '' : !neverOpened(key);
  return {
    ...seen,
    ...byOf(key.reporter),
    ...sentByMtls(own, { destination, via, reached, shownAs: key.onward?.shownAs }),
    reporter: 'source',
    source: own,
    destination,
    via,
    protocol: protocolOf(key, protocol, family),
    ...(nextHop === undefined ? {} : { nextHop }),
    ...(peer === undefined ? {} : { peer }),
  };
}

function principalsOf(
  { route }: CounterKey,
  source: Source | undefined,
  { caller, registry }: ObserveOptions,
): Pick<Observation, 'principals'> {
  if (route !== mutualTlsRoute) return {};
  const trustDomain = registry.trustDomain();
  const identity = (workload: Source) => spiffeIdentity({ trustDomain, ...workload });
  const principals = { source: source && identity(source), destination: identity(caller.source) };
  return { principals };
}

export function outcomeOf({ code, flags, grpcStatus }: CounterKey): Outcome {
  return { code, flags, grpcStatus };
}

/** Told request by request, but a connection. */
export function isTunnel({ reporter, route }: CounterKey): boolean {
  return reporter !== 'destination' && isConnectRoute(route);
}

/** As declared; but what was asked request by request is HTTP, and what was not is none. */
function protocolOf({ grpcStatus, route }: CounterKey, declared: Protocol, family: 'http' | 'tcp'): Protocol {
  const unread = declared === 'tls' || declared === 'tcp';
  if (family === 'tcp' || isConnectRoute(route)) return unread ? declared : 'tcp';
  return grpcStatus === '' ? 'http' : 'grpc';
}

/** Of what came in: the port stands in `inbound|8080||`, the service is known by its workload only. */
function ownDestination(own: Source, { cluster }: CounterKey): Destination {
  const port = Number(/^inbound\|(\d+)\|/.exec(cluster)?.[1] ?? 0);
  const { namespace, workload } = own;
  return { kind: 'service', host: workload, port, namespace, name: workload, workload: own };
}
