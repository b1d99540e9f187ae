// Runs a pass again and again, and when asked; at once again as long as it leaves something over. Invariant: one at a
// time; who asks gets one that began after the asking.

/** For what else the process has to do: as long as a pass takes at most, more or less. */
const breathMs = 20;

export interface Passes {
  pass(): Promise<void>;
  /** After a last pass. */
  close(): Promise<void>;
}

/**
 * `intervalMs` lies between the end of one and the begin of the next, unless `run` answers that there is more to do; then
 * only what waits meanwhile. It must not reject.
 */
export function createPasses(run: () => Promise<'more' | 'done'>, intervalMs: number): Passes {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function start(): Promise<void> {
    clearTimeout(timer);
    running = run().then((left) => {
      running = undefined;
      if (!closed) timer = setTimeout(start, left === 'more' ? breathMs : intervalMs).unref();
    });
    return running;
  }

  function pass(): Promise<void> {
    if (running === undefined) return start();
    next ??= running.then(() => {
      next = undefined;
      return start();
    });
    return next;
  }

  timer = setTimeout(start, intervalMs).unref();
  return {
    pass,
    async close() {
      closed = true;
      await pass();
      clearTimeout(timer);
    },
  };
}
