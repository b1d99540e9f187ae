// Waiting for any of several sources to have something. What rings while nobody waits is not lost; many rings are one.

export interface Alarm {
  ring(): void;
  /** True when it rang since the last time, false when nothing did for so many milliseconds. */
  rung(ms: number): Promise<boolean>;
}

/** The signal's abort rings it too. */
export function createAlarm(signal: AbortSignal): Alarm {
  let rang = false;
  let wake: (() => void) | undefined;
  const ring = () => {
    rang = true;
    wake?.();
  };
  signal.addEventListener('abort', ring, { once: true });
  return {
    ring,
    async rung(ms) {
      if (!rang) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = undefined;
      }
      const answer = rang;
      rang = false;
      return answer;
    },
  };
}
