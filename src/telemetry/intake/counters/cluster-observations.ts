// What Envoy counts of a cluster as a whole, as observations: bytes on the wire, gRPC's messages, sizes of bodies. Nothing
// says whose they were, so they are told of those that used the cluster.
import type { CounterKey } from '../../../xds/counter-key.ts';
import type { Observation } from '../../observation.ts';
import { deltaOf } from '../histogram.ts';
import { meaningOf } from '../key-meaning.ts';
import { partsOf } from './cluster-shares.ts';
import { type Gain, isTunnel, type ObserveOptions, observationOf, outcomeOf } from './observation-parts.ts';

/**
 * HTTP is gRPC here where most requests to the cluster were. Messages are counted while their streams last, so that no
 * outcome is known: code 0, as Istio tells of streams without an answer yet.
 */
export function observeWire(options: ObserveOptions, { key, gained }: Gain): readonly Observation[] {
  const { all, grpc } = options.totals.requestsTo(key.cluster);
  const family = all > 0 ? 'http' : 'tcp';
  const users = usersOf(options, key, family);
  const weights = users.map(({ count }) => count);
  const parts = gained.map((slot) => partsOf(slot?.[0] ?? 0, weights));
  return users.flatMap(({ user }, index) => {
    const [sent = 0, received = 0, requestMessages = 0, responseMessages = 0] = parts.map((part) => part[index] ?? 0);
    if (sent + received + requestMessages + responseMessages === 0) return [];
    const messages = requestMessages + responseMessages > 0;
    const { protocol } = meaningOf(options.meanings, options.caller.source.namespace, user, family);
    return [
      {
        ...observationOf(options, user, family),
        protocol: messages || (protocol === 'http' && grpc * 2 > all) ? 'grpc' : protocol,
        bytesSent: sent,
        bytesReceived: received,
        ...(messages ? { metrics: { requestMessages, responseMessages } } : {}),
      },
    ];
  });
}

/** As whom and by which route the cluster was used; the route counts only where it says what a gateway was used for. */
function usersOf({ caller, totals, meanings }: ObserveOptions, key: CounterKey, family: 'http' | 'tcp') {
  const { gateway } = meanings.cluster(caller.source.namespace, key.cluster, family);
  const users = new Map<string, { readonly user: CounterKey; count: number }>();
  for (const { reporter, route, count } of totals.sharesOf(key.cluster)) {
    const user = { ...key, reporter, route: gateway === undefined ? '' : route };
    const id = `${reporter};${user.route}`;
    const known = users.get(id);
    if (known === undefined) users.set(id, { user, count });
    else known.count += count;
  }
  return users.size === 0 ? [{ user: key, count: 1 }] : [...users.values()];
}

/**
 * Sizes are told of the outcome that most requests of this reading had. Of CONNECT they are the bytes of connections; sums
 * of histograms, which are near enough.
 */
export function observeSizes(options: ObserveOptions, { key, gained }: Gain): Observation {
  const [requestSizes, responseSizes] = gained;
  const told = options.totals.mostTo(key.cluster) ?? { ...key, code: 200 };
  if (isTunnel(told)) {
    const metrics = {
      sentBytes: Math.round(responseSizes?.[0] ?? 0),
      receivedBytes: Math.round(requestSizes?.[0] ?? 0),
    };
    return { ...observationOf(options, told, 'tcp'), outcome: { ...outcomeOf(told), code: 0 }, metrics };
  }
  return {
    ...observationOf(options, told, 'http'),
    metrics: {
      ...(requestSizes === undefined ? {} : { requestSizes: deltaOf(requestSizes) }),
      ...(responseSizes === undefined ? {} : { responseSizes: deltaOf(responseSizes) }),
    },
  };
}
