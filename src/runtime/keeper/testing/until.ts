// Waits for something that becomes true, and says what it was if it does not.
import { setTimeout as delay } from 'node:timers/promises';

const patienceMs = 20_000;

/** Polls `read` until `fits`; throws with the last value after 20 s. */
export async function until<T>(read: () => T | Promise<T>, fits: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const value = await read();
    if (fits(value)) return value;
    if (Date.now() > deadline) throw new Error(`never came; last: ${JSON.stringify(value)}`);
    await delay(10);
  }
}
