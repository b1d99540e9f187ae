// The event stream over restarts of the control plane: where it breaks off it is opened again until Ctrl-C. Workloads and
// proxies outlive the control plane, so whoever watches them does too.
import { setTimeout as delay } from 'node:timers/promises';
import { SallyportError } from '../platform/errors.ts';
import type { EventMessage } from './event-messages.ts';

/** Between attempts, milliseconds. */
const pauseMs = 250;

const away = ['SP_NO_SERVER', 'SP_CONNECTION_LOST'];

/**
 * `open` is called at each new beginning, so it can go on where it was. `onAway` hears of the first attempt that finds
 * nobody, once for each time. Throws what is no absence.
 */
export async function* lastingEvents(
  open: () => AsyncIterable<EventMessage>,
  onAway: () => void,
  signal: AbortSignal,
): AsyncGenerator<EventMessage, void, undefined> {
  let told = false;
  while (!signal.aborted) {
    try {
      for await (const message of open()) {
        told = false;
        yield message;
      }
    } catch (error) {
      if (!(error instanceof SallyportError && away.includes(error.code))) throw error;
      if (error.code === 'SP_NO_SERVER' && !told) {
        told = true;
        onAway();
      }
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
