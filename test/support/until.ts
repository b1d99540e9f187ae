// Waiting for a state that nothing announces: asks again and again, with a deadline.
import { setTimeout as pause } from 'node:timers/promises';

/** The first value that is not undefined or false. Throws with `what` and the last error once `timeoutMs` is over. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause });
    await pause(10);
  }
}

/** The first value that `read` gives and `fits`. Throws with the last one once `timeoutMs` is over. */
export async function untilFits<T>(
  read: () => T | Promise<T>,
  fits: (value: T) => boolean,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (fits(value)) return value;
    if (performance.now() > deadline) {
      throw new Error(`not within ${timeoutMs} ms; the last was ${JSON.stringify(value)}`);
    }
    await pause(10);
  }
}
