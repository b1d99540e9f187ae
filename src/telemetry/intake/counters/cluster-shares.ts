// By which routes each cluster is used, and for whom: what Envoy counts of a cluster as a whole (bytes on the wire, gRPC's
// messages) is told apart by how many requests and connections each had in the same reading, or in the last that had any.
// Invariant: the parts of a count add up to it.
import type { CounterKey } from '../../../xds/counter-key.ts';

export interface ClusterShare extends Pick<CounterKey, 'reporter' | 'route'> {
  count: number;
}

export interface ClusterShares {
  add(key: CounterKey, count: number): void;
  /** Empty if nothing used it yet. */
  of(cluster: string): readonly ClusterShare[];
  /** What was added is told; what comes next stands for itself. */
  settle(): void;
}

export function createClusterShares(): ClusterShares {
  const clusters = new Map<string, Map<string, ClusterShare>>();
  const added = new Set<string>();
  const settled = new Set<string>();

  return {
    add({ cluster, reporter, route }, count) {
      const known = settled.delete(cluster) ? undefined : clusters.get(cluster);
      const shares = known ?? new Map<string, ClusterShare>();
      clusters.set(cluster, shares);
      added.add(cluster);
      const id = `${reporter};${route}`;
      const share = shares.get(id);
      if (share === undefined) shares.set(id, { reporter, route, count });
      else share.count += count;
    },
    of: (cluster) => [...(clusters.get(cluster)?.values() ?? [])],
    settle() {
      for (const cluster of added) settled.add(cluster);
      added.clear();
    },
  };
}

/** A whole number in whole parts. */
export function partsOf(count: number, weights: readonly number[]): readonly number[] {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  let before = 0;
  let given = 0;
  return weights.map((weight) => {
    before += weight;
    const until = all === 0 ? count : Math.floor((count * before) / all);
    const part = until - given;
    given = until;
    return part;
  });
}
