// Tells when something in a set of folders may have changed. It only wakes the reader, which then reads everything
// anew: events of fs.watch are neither complete nor exact. Invariant: nothing that happens after `watch` returned
// is missed by the next `quiet`.
import { type FSWatcher, watch as watchPath } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export interface FolderAlarm {
  /**
   * Watches exactly these folders (path to identity). True if one of them was not watched before: what changed in
   * it up to now is unknown, so read again.
   */
  watch(folders: ReadonlyMap<string, string>): boolean;
  /** Something changed since the last `quiet`. */
  isRaised(): boolean;
  /**
   * Resolves when something changed and then nothing more for a moment, so that a file is not read half written;
   * or after `atMostMs` (undefined: no limit); or on the signal.
   */
  quiet(signal: AbortSignal, atMostMs: number | undefined): Promise<void>;
  close(): void;
}

/** No event for this long: whoever writes is done. */
const settleMs = 40;
/** Under a steady stream of events, read nevertheless. */
const longestSettleMs = 1000;

/** How often to read where watching is not possible. */
const blindMs = 2000;

export function createFolderAlarm(): FolderAlarm {
  const watchers = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>();
  let changes = 0;
  let ring = () => {};
  /** Some folder is not watched. */
  let blind = false;

  function changed(): void {
    changes += 1;
    ring();
  }

  function open(path: string, identity: string): boolean {
    try {
      const watcher = watchPath(path, changed);
      // A watch that breaks (its folder is deleted) is replaced after the next reading.
      watcher.on('error', () => {
        drop(path);
        changed();
      });
      watchers.set(path, { identity, watcher });
      return true;
    } catch {
      // Gone by now, or the machine's limit of watches is reached.
      blind = true;
      return false;
    }
  }

  function drop(path: string): void {
    watchers.get(path)?.watcher.close();
    watchers.delete(path);
  }

  /** The next change, or the end of the wait. */
  function nextChange(signal: AbortSignal, atMostMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = atMostMs === undefined ? undefined : setTimeout(() => done(), atMostMs);
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        ring = () => {};
        resolve();
      };
      ring = done;
      signal.addEventListener('abort', done);
    });
  }

  return {
    watch(folders) {
      for (const [path, { identity }] of watchers) if (folders.get(path) !== identity) drop(path);
      blind = false;
      let added = false;
      for (const [path, identity] of folders) if (!watchers.has(path) && open(path, identity)) added = true;
      return added;
    },
    isRaised: () => changes > 0,
    async quiet(signal, atMostMs) {
      if (changes === 0 && !signal.aborted) await nextChange(signal, blind ? blindMs : atMostMs);
      const latest = performance.now() + longestSettleMs;
      while (changes > 0 && !signal.aborted && performance.now() < latest) {
        changes = 0;
        await delay(settleMs, undefined, { signal }).catch(() => undefined);
      }
      changes = 0;
    },
    close() {
      for (const path of [...watchers.keys()]) drop(path);
    },
  };
}
