// What a counter's key means to the proxies of a namespace: where it went, and what for. A cluster's name says where; the
// name of a VirtualService's route says what was asked for, which counts where it went to a gateway, or nowhere.
import type { CounterKey } from '../../xds/counter-key.ts';
import { outboundCluster, parseVirtualServiceRoute } from '../../xds/names.ts';
import type { Destination } from '../traffic.ts';
import type { Meanings } from './meanings.ts';
import type { Registered } from './registry.ts';
import { hasFlag, isServiceCluster } from './teller.ts';

export interface KeyMeaning extends Pick<Registered, 'destination' | 'onlyPeer' | 'protocol'> {
  readonly via: readonly string[];
  readonly nextHop?: Destination;
}

type Told = Pick<CounterKey, 'cluster' | 'route' | 'flags'>;

export function meaningOf(meanings: Meanings, namespace: string, key: Told, family: 'http' | 'tcp'): KeyMeaning {
  const { cluster, route, flags } = key;
  const asked = parseVirtualServiceRoute(route);
  if (asked === undefined) return { ...meanings.cluster(namespace, cluster, family), via: [] };
  // A host that no object registers is the VirtualService's own word, and no caller's choice.
  const aim = meanings.cluster(namespace, outboundCluster(asked.port, asked.host), family);
  const askedFor = { destination: aim.destination, protocol: aim.protocol, via: [] };
  // Answered by the rule itself, or by its fault; or the rule leads to what is not there.
  if (!isServiceCluster(cluster) || hasFlag(flags, 'FI')) return askedFor;
  const went = meanings.cluster(namespace, cluster, family);
  const { gateway, destination } = went;
  if (gateway !== undefined && destination.host !== asked.host) {
    return { ...askedFor, via: [gateway], nextHop: destination };
  }
  // Of a Service without pods nobody knows whether it is a gateway's.
  const inside = destination.kind === 'service' && aim.destination.kind !== 'service';
  return inside && hasFlag(flags, 'UH', 'UF') ? askedFor : { ...went, via: [] };
}
