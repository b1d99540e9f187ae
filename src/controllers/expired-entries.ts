// Takes ServiceEntries away whose time is over (annotation egress.sallyport.dev/expires). The mesh has ceased to know them at
// that moment already (mesh/service-objects.ts), also before a start is through: what is done here is that nobody reads of
// something in the store that is no more. What belongs to a file stays there, and lets nobody out all the same.
import { annotatedExpiry } from '../api/expiry.ts';
import { serviceEntryKind } from '../api/kinds/service-entry.ts';
import { keyOf, keyString, type ObjectKey, resourceName } from '../api/object.ts';
import { createEndings } from '../mesh/endings.ts';
import type { Logger } from '../platform/log.ts';
import { ConflictError, NotFoundError, OwnedByFileError } from '../store/errors.ts';
import type { ObjectStore, WatchEvent } from '../store/store.ts';
import { createReconciler } from './reconciler.ts';

export interface ExpiredEntries {
  /** What becomes of objects, of whatever kind; all there are come first. */
  take(events: readonly WatchEvent[]): void;
}

export interface ExpiredEntriesOptions {
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Milliseconds since 1970; the machine's if absent. */
  readonly clock?: () => number;
}

/** Of one timer; what is later is looked at again then. */
const longestMs = 2 ** 31 - 1;

export function removeExpiredEntries({ store, signal, log, clock = Date.now }: ExpiredEntriesOptions): ExpiredEntries {
  const endings = createEndings();
  const keys = new Map<string, ObjectKey>();
  const reconciler = createReconciler({ reconcile: remove, signal, log });
  let waking: NodeJS.Timeout | undefined;
  signal.addEventListener('abort', () => clearTimeout(waking), { once: true });

  async function remove(name: string): Promise<void> {
    const key = keys.get(name);
    const object = key && (await store.get(key));
    if (key === undefined || object === undefined || annotatedExpiry(object.metadata) > clock()) return;
    const { resourceVersion } = object.metadata;
    try {
      await store.delete(key, resourceVersion === undefined ? {} : { resourceVersion });
      log.info({ object: resourceName(key) }, 'its time is over: taken away');
    } catch (error) {
      if (error instanceof OwnedByFileError)
        log.warn({ object: resourceName(key) }, `its time is over: ${error.message}`);
      else if (error instanceof ConflictError) void reconciler.enqueue(name);
      else if (!(error instanceof NotFoundError)) throw error;
    }
  }

  function wake(): void {
    clearTimeout(waking);
    if (signal.aborted) return;
    const now = clock();
    for (const name of endings.over(now)) {
      endings.set(name, 0, now);
      void reconciler.enqueue(name);
    }
    const next = endings.next();
    if (next !== undefined) waking = setTimeout(wake, Math.min(next - now, longestMs));
  }

  return {
    take(events) {
      for (const { type, object } of events) {
        if (object.kind !== serviceEntryKind.kind) continue;
        const key = keyOf(object);
        const name = keyString(key);
        const end = type === 'DELETED' ? Number.POSITIVE_INFINITY : annotatedExpiry(object.metadata);
        if (Number.isFinite(end)) keys.set(name, key);
        else keys.delete(name);
        // One that is over by now is over at the next look, which is at once.
        endings.set(name, end, Number.NEGATIVE_INFINITY);
      }
      wake();
    },
  };
}
