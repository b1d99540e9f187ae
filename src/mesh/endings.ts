// Objects whose time will be over, and when. Looked through at every change, so only those that have a time are in it.

export interface Endings {
  /** `end`: milliseconds since 1970; what is over at `now`, or never will be, is not waited for. */
  set(key: string, end: number, now: number): void;
  /** Keys of those whose time is over by now; they are waited for until they are set again. */
  over(now: number): readonly string[];
  /** Undefined: nothing is waited for. */
  next(): number | undefined;
}

export function createEndings(): Endings {
  const ending = new Map<string, number>();
  return {
    set(key, end, now) {
      if (end > now && Number.isFinite(end)) ending.set(key, end);
      else ending.delete(key);
    },
    over: (now) => [...ending].flatMap(([key, end]) => (end <= now ? [key] : [])),
    next() {
      let next: number | undefined;
      for (const end of ending.values()) if (next === undefined || end < next) next = end;
      return next;
    },
  };
}
