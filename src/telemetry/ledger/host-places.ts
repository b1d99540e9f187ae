// Places for hosts that callers chose: a workload has so many, the mesh so many. Who finds none is told under `other`.
// A place is kept as long as anything may tell of its host, also across restarts.
import type { LedgerContext } from './context.ts';
import { createDictionary } from './dictionary.ts';

export interface HostPlaces {
  /** Whether this host, of any text, of this workload has a place, or finds one now; it is kept on from this hour. */
  take(workload: string, host: string, hour: number): boolean;
  /** Frees at most `limit` places that were last taken before this hour. */
  expire(before: number, limit: number): void;
}

export function createHostPlaces(
  context: LedgerContext,
  table: 'hosts' | 'series_hosts',
  bounds: { readonly perWorkload: number; readonly all: number },
): HostPlaces {
  const places = createDictionary(context, table, workloadOf);
  const taken = new Map<string, number>();
  for (const workload of places.values.values()) taken.set(workload, (taken.get(workload) ?? 0) + 1);
  const held = context.staging.map(taken);

  return {
    take(workload, host, hour) {
      const text = JSON.stringify([workload, host]);
      if (places.find(text, hour) !== undefined) return true;
      const own = held.get(workload) ?? 0;
      if (own >= bounds.perWorkload || places.size >= bounds.all) return false;
      places.add(text, hour);
      held.set(workload, own + 1);
      return true;
    },
    expire(before, limit) {
      for (const workload of places.expire(before, limit).values()) {
        const left = (held.get(workload) ?? 0) - 1;
        if (left > 0) held.set(workload, left);
        else held.delete(workload);
      }
    },
  };
}

function workloadOf(text: string): string {
  const key: unknown = JSON.parse(text);
  const workload: unknown = Array.isArray(key) ? key[0] : undefined;
  if (typeof workload !== 'string') throw new TypeError('a host has no workload');
  return workload;
}
