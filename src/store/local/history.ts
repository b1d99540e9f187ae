// The last changes of the local store, from which every watcher reads at its own pace: a watcher is only a cursor,
// so a slow one holds no memory, and one that falls behind what is kept gets GoneError. Transactions are numbered
// without gaps, so a resourceVersion is a place in the list.
import { keyOf } from '../../api/object.ts';
import { GoneError } from '../errors.ts';
import type { Collection, WatchBatch, WatchEvent } from '../store.ts';

export interface History {
  /** Wakes the watchers before it returns. */
  append(batch: WatchBatch): void;
  watch(collections: readonly Collection[], resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchBatch>;
  /** Ends all watchers. */
  close(): void;
}

/** Keeps about `limit` events, and always the last transaction, after version `start`. */
export function createHistory(start: number, limit: number): History {
  const batches: WatchBatch[] = [];
  const waiting = new Set<() => void>();
  let newest = start;
  let kept = 0;
  let closed = false;

  /** The batch after this version; undefined if there is none yet. */
  function after(version: number): WatchBatch | undefined {
    const oldest = newest - batches.length;
    if (!(version >= oldest && version <= newest)) throw new GoneError(String(version));
    return batches[version - oldest];
  }

  function changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  function wakeAll(): void {
    for (const wake of [...waiting]) wake();
  }

  return {
    append(batch) {
      batches.push(batch);
      newest += 1;
      kept += weight(batch);
      while (kept > limit && batches.length > 1) kept -= weight(batches.shift());
      wakeAll();
    },
    async *watch(collections, resourceVersion, signal) {
      if (!/^\d+$/.test(resourceVersion)) throw new GoneError(resourceVersion);
      let seen = Number(resourceVersion);
      while (!signal.aborted && !closed) {
        const batch = after(seen);
        if (batch === undefined) {
          await changed(signal);
          continue;
        }
        seen += 1;
        const events = batch.events.filter((event) => isSelected(event, collections));
        if (events.length > 0) yield { ...batch, events };
      }
    },
    close() {
      closed = true;
      wakeAll();
    },
  };
}

function isSelected(event: WatchEvent, collections: readonly Collection[]): boolean {
  const key = keyOf(event.object);
  return collections.some(
    ({ group, kind, namespace }) =>
      key.group === group && key.kind === kind && (namespace === undefined || key.namespace === namespace),
  );
}

/** What a batch takes of the limit; one without events (only owners changed) still has its place. */
function weight(batch: WatchBatch | undefined): number {
  return Math.max(1, batch?.events.length ?? 0);
}
