// Asks an Envoy over its admin socket whether it is ready (GET /ready: 200 once its listeners serve).
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const fastPolls = 100;
const fastPollMs = 20;
const slowPollMs = 500;
const answerMs = 2_000;

/** Polls until Envoy is ready; false if the signal aborted first. */
export async function becomesReady(adminSocket: string, signal: AbortSignal): Promise<boolean> {
  for (let polls = 0; !signal.aborted; polls++) {
    if (await isReady(adminSocket, signal)) return true;
    await delay(polls < fastPolls ? fastPollMs : slowPollMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

function isReady(socketPath: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: '/ready', agent: false, timeout: answerMs, signal }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
