// The loop every controller runs: names of things to look at, each worked on one at a time and again after a failure.
// A name that is added while it is worked on is worked on once more; nothing is queued twice.
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';

export interface Reconciler {
  /** Resolves when it was tried once, whatever came of it. */
  enqueue(key: string): Promise<void>;
}

export interface ReconcilerOptions {
  /** Brings one thing to its wanted state; called again with growing pauses when it throws. */
  readonly reconcile: (key: string) => Promise<void>;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

const firstPauseMs = 200;
const longestPauseMs = 10_000;

export function createReconciler({ reconcile, signal, log }: ReconcilerOptions): Reconciler {
  const working = new Map<string, Promise<void>>();
  const again = new Set<string>();

  async function work(key: string, tried: () => void): Promise<void> {
    let pause = firstPauseMs;
    do {
      again.delete(key);
      try {
        await reconcile(key);
        pause = firstPauseMs;
        tried();
      } catch (error) {
        tried();
        if (signal.aborted) return;
        log.warn({ key, error: messageOf(error) }, 'not reconciled, trying again');
        await delay(pause, undefined, { signal }).catch(() => undefined);
        pause = Math.min(pause * 2, longestPauseMs);
        again.add(key);
      }
    } while (again.has(key) && !signal.aborted);
    // At once: a name that is added before a later turn would be lost.
    working.delete(key);
  }

  return {
    enqueue(key) {
      if (signal.aborted) return Promise.resolve();
      const current = working.get(key);
      if (current !== undefined) {
        again.add(key);
        return current;
      }
      const tried = Promise.withResolvers<void>();
      working.set(key, tried.promise);
      void work(key, tried.resolve);
      return tried.promise;
    },
  };
}
