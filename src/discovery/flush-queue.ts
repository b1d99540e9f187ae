// Sessions with something to send, each once. They are flushed in the next turn of the event loop, so what arrives
// together goes out together, and a first change waits for nothing. Long rows are cut into slices: sockets are read in
// between.
import type { ProxySession } from './proxy-session.ts';

const sliceMs = 10;

/** `onError` gets what flushing one session threw; the others go on. */
export function createFlushQueue(onError: (session: ProxySession, error: unknown) => void) {
  const dirty = new Set<ProxySession>();
  let scheduled = false;

  function schedule(): void {
    if (scheduled || dirty.size === 0) return;
    scheduled = true;
    setImmediate(flush);
  }

  function flush(): void {
    scheduled = false;
    const deadline = performance.now() + sliceMs;
    for (const session of dirty) {
      dirty.delete(session);
      try {
        session.flush();
      } catch (error) {
        onError(session, error);
      }
      if (performance.now() > deadline) break;
    }
    schedule();
  }

  return {
    add(session: ProxySession): void {
      dirty.add(session);
      schedule();
    },
    remove(session: ProxySession): void {
      dirty.delete(session);
    },
  };
}
