// A growing list that a test can wait on: requests a server got, lines a process wrote, responses of Envoy.
// Invariant: items keep their order and are never lost, so waiting for something that already came returns it.

export interface Journal<T> {
  /** Everything so far, oldest first. */
  readonly items: readonly T[];
  push(item: T): void;
  /** The first item not yet taken by `next` that fits, now or later; it and those before it count as taken. */
  next(fits?: (item: T) => boolean, timeoutMs?: number): Promise<T>;
  /** The first item of all that fits, now or later; takes nothing. */
  find(fits: (item: T) => boolean, timeoutMs?: number): Promise<T>;
}

interface Waiter<T> {
  readonly take: boolean;
  readonly fits: (item: T) => boolean;
  readonly resolve: (item: T) => void;
}

/** `name` and `describe` make the error of a wait that ran out of time (default 10 s). */
export function createJournal<T>(name: string, describe: (item: T) => string = String): Journal<T> {
  const items: T[] = [];
  const waiters = new Set<Waiter<T>>();
  let taken = 0;

  /** Gives the waiter its item if there is one. */
  function serve(waiter: Waiter<T>): boolean {
    const start = waiter.take ? taken : 0;
    for (const [offset, item] of items.slice(start).entries()) {
      if (!waiter.fits(item)) continue;
      if (waiter.take) taken = start + offset + 1;
      waiters.delete(waiter);
      waiter.resolve(item);
      return true;
    }
    return false;
  }

  function wait(take: boolean, fits: (item: T) => boolean, timeoutMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        waiters.delete(waiter);
        const last = items.slice(-5).map((item) => describe(item).slice(0, 300));
        reject(new Error([`${name}: nothing fitting in ${timeoutMs} ms; ${items.length} items`, ...last].join('\n  ')));
      }, timeoutMs);
      const waiter: Waiter<T> = {
        take,
        fits,
        resolve: (item) => {
          clearTimeout(late);
          resolve(item);
        },
      };
      if (!serve(waiter)) waiters.add(waiter);
    });
  }

  return {
    items,
    push(item) {
      items.push(item);
      for (const waiter of [...waiters]) serve(waiter);
    },
    next: (fits = () => true, timeoutMs = 10_000) => wait(true, fits, timeoutMs),
    find: (fits, timeoutMs = 10_000) => wait(false, fits, timeoutMs),
  };
}
