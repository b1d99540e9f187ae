// Suggestions for the mesh as it is now, of what the ledger has on record. They are made beside the pushes to proxies, a few
// milliseconds at a time.
import { setImmediate as idle } from 'node:timers/promises';
import type { ProxyIdentity } from '../discovery/view.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { ObjectStore } from '../store/store.ts';
import { suggest } from '../suggest/suggest.ts';
import type { Suggestions, SuggestOptions } from '../suggest/suggestion.ts';
import type { SeenQuery } from '../telemetry/seen-flow.ts';
import type { Foresight } from './foresight.ts';

export type SuggestionsQuery = SuggestOptions & Omit<SeenQuery, 'kinds'>;

export interface SuggestionsOptions {
  readonly foresight: Foresight;
  readonly store: ObjectStore;
  /** The snapshot that is in force. */
  readonly mesh: () => Mesh;
  readonly proxies: () => readonly ProxyIdentity[];
}

/** Milliseconds. */
const sliceMs = 4;

/** Throws what `Foresight.run` rejects with. */
export function createSuggestions({
  foresight,
  store,
  mesh,
  proxies,
}: SuggestionsOptions): (query: SuggestionsQuery, signal: AbortSignal) => Promise<Suggestions> {
  return async ({ since, namespace, ...options }, signal) => {
    const all = options.blocked || options.hosts.length > 0;
    const kinds = all ? (['passthrough', 'blocked'] as const) : (['passthrough'] as const);
    const ask = { since, kinds, ...(namespace === undefined ? {} : { namespace }) };
    const seen = await foresight.run({ name: 'seen', ask }, signal);
    const stored = await Promise.all([
      store.list({ group: 'networking.istio.io', kind: 'ServiceEntry' }),
      store.list({ group: 'egress.sallyport.dev', kind: 'EgressPolicy' }),
    ]);
    const pods = proxies().filter(({ type }) => type === 'sidecar');
    const present = { mesh: mesh(), objects: stored.flatMap(({ items }) => items), pods };
    return inSlices(suggest(seen, present, options), signal);
  };
}

async function inSlices<Result>(steps: Generator<void, Result>, signal: AbortSignal): Promise<Result> {
  for (;;) {
    const end = performance.now() + sliceMs;
    do {
      const step = steps.next();
      if (step.done === true) return step.value;
    } while (performance.now() < end);
    await idle();
    signal.throwIfAborted();
  }
}
