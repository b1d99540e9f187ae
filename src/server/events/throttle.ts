// A flag that may be seen raised only so often: the first change at once, then at most one in each interval.

export interface Throttle {
  changed(): void;
  /** Whether something changed and may be told now; lowers the flag. */
  take(): boolean;
  close(): void;
}

export function createThrottle(intervalMs: number, ring: () => void): Throttle {
  let pending = false;
  let pause: NodeJS.Timeout | undefined;
  return {
    changed() {
      pending = true;
      if (pause === undefined) ring();
    },
    take() {
      if (!pending || pause !== undefined) return false;
      pending = false;
      pause = setTimeout(() => {
        pause = undefined;
        if (pending) ring();
      }, intervalMs);
      return true;
    },
    close: () => clearTimeout(pause),
  };
}
