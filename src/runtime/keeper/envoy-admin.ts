// Asks an Envoy over its admin socket: whether it is ready (GET /ready: 200 once its listeners serve), and to open its
// logs anew. A signal could do the latter too, but would end an Envoy that does not listen for it yet.
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const fastPolls = 100;
const fastPollMs = 20;
const slowPollMs = 500;
const answerMs = 2_000;

/** Polls until Envoy is ready; false if the signal aborted first. */
export async function becomesReady(adminSocket: string, signal: AbortSignal): Promise<boolean> {
  for (let polls = 0; !signal.aborted; polls++) {
    if (await succeeds(adminSocket, 'GET', '/ready', signal)) return true;
    await delay(polls < fastPolls ? fastPollMs : slowPollMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** What is buffered goes to the new files. False if Envoy did not answer. */
export function reopenLogs(adminSocket: string): Promise<boolean> {
  return succeeds(adminSocket, 'POST', '/reopen_logs');
}

function succeeds(socketPath: string, method: string, path: string, signal?: AbortSignal): Promise<boolean> {
  const options = { socketPath, method, path, agent: false, timeout: answerMs, ...(signal && { signal }) };
  return new Promise((resolve) => {
    const asked = request(options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
