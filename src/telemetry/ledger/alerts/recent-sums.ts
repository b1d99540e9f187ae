// What a flow or a workload had lately, in memory: in the stretch of time that runs and in the one before, which together are
// never less than in any stretch of that length that ends now. A cheap look at everything, so that only what may matter is
// added up on the disk. Invariant: made anew from what is on the disk it bounds the same.

export interface RecentSums<Key> {
  /** What there was at most in the stretch that ends in this minute. */
  add(key: Key, minuteStart: number, amount: number): number;
  /** Whether nothing of it was seen in the stretch of this minute. */
  isFirst(key: Key, minuteStart: number): boolean;
  /** Forgets those that had nothing since then. */
  expire(before: number): void;
  clear(): void;
}

interface Recent {
  /** Number of the stretch that runs. */
  stretch: number;
  now: number;
  before: number;
}

export function createRecentSums<Key>(stretchMs: number): RecentSums<Key> {
  const recent = new Map<Key, Recent>();
  return {
    add(key, minuteStart, amount) {
      const stretch = Math.floor(minuteStart / stretchMs);
      const known = recent.get(key);
      if (known === undefined) {
        recent.set(key, { stretch, now: amount, before: 0 });
        return amount;
      }
      if (stretch < known.stretch) {
        // What comes late.
        if (stretch === known.stretch - 1) known.before += amount;
        return Number.POSITIVE_INFINITY;
      }
      if (stretch > known.stretch) {
        known.before = stretch === known.stretch + 1 ? known.now : 0;
        known.now = 0;
        known.stretch = stretch;
      }
      known.now += amount;
      return known.now + known.before;
    },
    isFirst: (key, minuteStart) => recent.get(key)?.stretch !== Math.floor(minuteStart / stretchMs),
    expire(before) {
      const oldest = Math.floor(before / stretchMs);
      for (const [key, { stretch }] of recent) if (stretch < oldest) recent.delete(key);
    },
    clear: () => recent.clear(),
  };
}
