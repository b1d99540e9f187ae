// How many requests reached the simulated internet, by host: what a tour shows as proof.

export interface Arrivals {
  add(host: string): void;
  /** Hosts in the order of their first request. */
  counts(): Readonly<Record<string, number>>;
}

/** Callers write names at will; beyond so many different ones they are counted together. */
const mostNames = 1000;

export function createArrivals(): Arrivals {
  const byHost = new Map<string, number>();
  return {
    add(host) {
      const name = byHost.has(host) || byHost.size < mostNames ? host : 'others';
      byHost.set(name, (byHost.get(name) ?? 0) + 1);
    },
    counts: () => Object.fromEntries(byHost),
  };
}
