// What a proxy's counters gained, as observations: of registered destinations, and of what came in to the workload. What
// was blocked or left unregistered is in none of them; the records tell it, with the hosts.

import type { CounterKey } from '../../../xds/counter-key.ts';
import { connectRoute, passthroughCluster } from '../../../xds/names.ts';
import type { Observation } from '../../observation.ts';
import { type Destination, type Outcome, otherHost, type Protocol, type Source } from '../../traffic.ts';
import type { LostEvents } from '../balance.ts';
import type { Caller } from '../caller.ts';
import { countOf, deltaOf } from '../histogram.ts';
import type { Meanings } from '../meanings.ts';
import { withoutPort } from '../peer-address.ts';
import type { Registry } from '../registry.ts';
import { hasFlag, isServiceCluster } from '../teller.ts';
import type { Entry } from './counter-entry.ts';
import { neverOpened, type OpenGroup } from './open-connections.ts';
import type { ProxyTotals } from './proxy-totals.ts';

export interface ObserveOptions {
  readonly caller: Caller;
  readonly totals: Pick<ProxyTotals, 'requestsTo' | 'mostTo'>;
  readonly meanings: Meanings;
  readonly registry: Registry;
  /** Milliseconds since 1970. */
  readonly at: number;
}

type Gain = Pick<Entry, 'family' | 'key' | 'gained'>;

/** Of a key that the counters tell. */
export function observeGain(options: ObserveOptions, gain: Gain): Observation {
  const { family, key } = gain;
  if (family === 'wire') return observeWire(options, gain);
  if (family === 'sizes') return observeSizes(options, gain);
  if (family === 'tcp') return observeConnections(options, gain);
  return key.reporter === 'source' && key.route === connectRoute
    ? observeTunnels(options, gain)
    : observeRequests(options, gain);
}

/** Connections that ended with their process: nothing else told of their end. */
export function observeDied(options: ObserveOptions, { reporter, cluster, peer, died }: OpenGroup): Observation {
  const key: CounterKey = { reporter, cluster, route: '', code: 0, flags: '-', grpcStatus: '', peer };
  return { ...common(options, key, 'tcp'), closed: died, metrics: {} };
}

/** Events whose records were lost. What was blocked or let out loses its host, what was registered nothing. */
export function observeLost(options: ObserveOptions, { family, key, count }: LostEvents): Observation {
  const seen = common(options, key, family);
  const passed = key.cluster === passthroughCluster && !hasFlag(key.flags, 'DPE', 'NC', 'NR');
  const kind = passed ? 'passthrough' : 'blocked';
  const counts =
    family === 'http' ? { requests: count } : { closed: count, ...(passed ? { opened: count } : { unopened: count }) };
  const destination = isServiceCluster(key.cluster) ? seen.destination : ({ kind, host: otherHost, port: 0 } as const);
  return { ...seen, destination, ...counts, metrics: {} };
}

function observeRequests(options: ObserveOptions, { key, gained }: Gain): Observation {
  const [durations] = gained;
  return {
    ...common(options, key, 'http'),
    requests: countOf(durations ?? []),
    metrics: durations === undefined ? {} : { durations: deltaOf(durations) },
  };
}

/**
 * Sizes are counted by cluster: they are told of the outcome that most requests of this reading had. Of CONNECT they are
 * the bytes of connections; sums of histograms, which are near enough.
 */
function observeSizes(options: ObserveOptions, { key, gained }: Gain): Observation {
  const [requestSizes, responseSizes] = gained;
  const told = options.totals.mostTo(key.cluster) ?? { ...key, code: 200 };
  if (told.reporter === 'source' && told.route === connectRoute) {
    const metrics = {
      sentBytes: Math.round(responseSizes?.[0] ?? 0),
      receivedBytes: Math.round(requestSizes?.[0] ?? 0),
    };
    return { ...common(options, told, 'tcp'), outcome: { ...outcomeOf(told), code: 0 }, metrics };
  }
  return {
    ...common(options, told, 'http'),
    metrics: {
      ...(requestSizes === undefined ? {} : { requestSizes: deltaOf(requestSizes) }),
      ...(responseSizes === undefined ? {} : { responseSizes: deltaOf(responseSizes) }),
    },
  };
}

/** Each is told when it has ended. */
function observeTunnels(options: ObserveOptions, { key, gained }: Gain): Observation {
  const [durations] = gained;
  const count = countOf(durations ?? []);
  const failed = key.code < 200 || key.code >= 300;
  return {
    ...common(options, key, 'tcp'),
    outcome: { ...outcomeOf(key), code: 0 },
    opened: failed ? 0 : count,
    closed: count,
    ...(failed ? { unopened: count } : {}),
    metrics: {},
  };
}

function observeConnections(options: ObserveOptions, { key, gained }: Gain): Observation {
  const [opened = 0, closed = 0, sent = 0, received = 0] = gained.map((slot) => slot?.[0] ?? 0);
  return {
    ...common(options, key, 'tcp'),
    opened,
    closed,
    ...(neverOpened(key) ? { unopened: closed } : {}),
    metrics: { sentBytes: sent, receivedBytes: received },
  };
}

/**
 * HTTP is gRPC here where most requests to the cluster were: nothing says which bytes were whose. Messages are counted
 * while their streams last, so that no outcome is known: code 0, as Istio tells of streams without an answer yet.
 */
function observeWire(options: ObserveOptions, { key, gained }: Gain): Observation {
  const { all, grpc } = options.totals.requestsTo(key.cluster);
  const family = all > 0 ? 'http' : 'tcp';
  const [sent = 0, received = 0, requestMessages = 0, responseMessages = 0] = gained.map((slot) => slot?.[0] ?? 0);
  const messages = requestMessages + responseMessages > 0;
  const { protocol } = options.meanings.cluster(options.caller.source.namespace, key.cluster, family);
  return {
    ...common(options, key, family),
    protocol: messages || (protocol === 'http' && grpc * 2 > all) ? 'grpc' : protocol,
    bytesSent: sent,
    bytesReceived: received,
    ...(messages ? { metrics: { requestMessages, responseMessages } } : {}),
  };
}

/** All but what was counted. */
function common(options: ObserveOptions, key: CounterKey, family: 'http' | 'tcp') {
  const { caller, meanings, registry, at } = options;
  const own = caller.source;
  const nothing = { requests: 0, opened: 0, closed: 0, bytesSent: 0, bytesReceived: 0 };
  const seen = { at, reporter: key.reporter, via: [], outcome: outcomeOf(key), ...nothing };
  if (key.reporter === 'destination') {
    const source = registry.workloadAt(withoutPort(key.peer));
    return { ...seen, source, destination: ownDestination(own, key), protocol: protocolOf(key, family, family) };
  }
  const { destination, protocol, onlyPeer } = meanings.cluster(own.namespace, key.cluster, family);
  const peer = meanings.peer(own.namespace, key) ?? onlyPeer;
  return {
    ...seen,
    source: own,
    destination,
    protocol: protocolOf(key, protocol, family),
    ...(peer === undefined ? {} : { peer }),
  };
}

function outcomeOf({ code, flags, grpcStatus }: CounterKey): Outcome {
  return { code, flags, grpcStatus };
}

/** As declared; but what was asked request by request is HTTP, and what was not is none. */
function protocolOf({ grpcStatus, route }: CounterKey, declared: Protocol, family: 'http' | 'tcp'): Protocol {
  const unread = declared === 'tls' || declared === 'tcp';
  if (family === 'tcp' || route === connectRoute) return unread ? declared : 'tcp';
  return grpcStatus === '' ? 'http' : 'grpc';
}

/** Of what came in: the port stands in `inbound|8080||`, the service is known by its workload only. */
function ownDestination(own: Source, { cluster }: CounterKey): Destination {
  const port = Number(/^inbound\|(\d+)\|/.exec(cluster)?.[1] ?? 0);
  const { namespace, workload } = own;
  return { kind: 'service', host: workload, port, namespace, name: workload, workload: own };
}
