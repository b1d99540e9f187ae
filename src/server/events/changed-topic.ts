// Tells that something is not what it was, at most once a second, and when: the reader then asks for it. The first
// message comes at once, since nobody knows what a reader that comes has missed.
import type { ChangedBody } from '../wire.ts';
import { createThrottle } from './throttle.ts';
import type { OpenTopic } from './topic.ts';

const intervalMs = 1000;

/** `subscribe` calls back with each change and returns the unsubscribe function. */
export function changedTopic(event: string, subscribe: (changed: () => void) => () => void): OpenTopic {
  return (ring) => {
    const throttle = createThrottle(intervalMs, ring);
    let at = Date.now();
    const unsubscribe = subscribe(() => {
      at = Date.now();
      throttle.changed();
    });
    throttle.changed();
    return {
      take() {
        if (!throttle.take()) return [];
        return [{ event, data: JSON.stringify({ at: new Date(at).toISOString() } satisfies ChangedBody) }];
      },
      ended: () => false,
      close() {
        unsubscribe();
        throttle.close();
      },
    };
  };
}
