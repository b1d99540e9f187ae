// The end of a gateway's Envoy: what it has begun is answered, and callers that keep connections open are asked to go
// elsewhere. That nobody is sent to it any more is the control plane's part, before it. Idle connections are told at their
// next request only, so they are waited for as long as there is time.
// Istio: the agent drains for `terminationDrainDuration` (5 s) whatever is open; here: until nothing is open, with a bound.
import { setTimeout as delay } from 'node:timers/promises';
import { openConnections, sendCallersAway } from './envoy-admin.ts';

/** Between two flushes of Envoy's numbers, and a little: what it says then began after it was asked to drain. */
const flushMs = 1_200;
const pollMs = 100;

/** Resolves when no connection is open, or the time is over, or the signal aborts, or Envoy does not answer. */
export async function drainEnvoy(adminSocket: string, longestMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + longestMs;
  if (!(await sendCallersAway(adminSocket))) return;
  let pause = flushMs;
  while (!signal.aborted && performance.now() < deadline) {
    await delay(Math.min(pause, deadline - performance.now()), undefined, { signal }).catch(() => undefined);
    const open = await openConnections(adminSocket);
    if (open === undefined || open === 0) return;
    pause = pollMs;
  }
}
