// What the names in counters and records mean, also when the object behind them was taken away within the second: the
// last meaning is remembered. Invariant: bounded; those that were not asked for the longest are forgotten first.
import type { CounterKey } from '../../xds/counter-key.ts';
import { parseOutboundCluster } from '../../xds/names.ts';
import { withoutPort } from './peer-address.ts';
import type { AskedFor, Asker, Registered, Registry } from './registry.ts';

const mostMeanings = 20_000;

export interface Meanings {
  /** Of a cluster's name to the proxies of a namespace. One that nothing tells of is what its name says. */
  cluster(namespace: string, cluster: string, family: 'http' | 'tcp'): Registered;
  /** As in Registry. */
  asked(asker: Asker, host: string, port: number): AskedFor;
  /** Address without its port and locality of the upstream in a key; undefined if it has none. */
  peer(namespace: string, key: CounterKey): { readonly address: string; readonly locality?: string } | undefined;
}

export function createMeanings(registry: Registry): Meanings {
  const known = new Map<string, Registered>();

  function remember(name: string, meaning: Registered): Registered {
    known.delete(name);
    known.set(name, meaning);
    const [oldest] = known.size > mostMeanings ? known.keys() : [];
    if (oldest !== undefined) known.delete(oldest);
    return meaning;
  }

  return {
    cluster(namespace, cluster, family) {
      const name = `${namespace}/${cluster}`;
      const { host, port } = parseOutboundCluster(cluster) ?? { host: '', port: 0 };
      const meaning = registry.host(namespace, host, port) ?? known.get(name);
      if (meaning !== undefined) return remember(name, meaning);
      return { destination: { kind: 'external', host, port }, protocol: family };
    },
    asked: (asker, host, port) => registry.asked(asker, host, port),
    peer(namespace, { cluster, peer }) {
      if (peer === '' || peer === '-') return undefined;
      const address = withoutPort(peer);
      const locality = registry.locality(namespace, parseOutboundCluster(cluster)?.host ?? '', address);
      return { address, ...(locality === undefined ? {} : { locality }) };
    },
  };
}
