// Asks an Envoy over its admin socket: whether it is ready (GET /ready: 200 once its listeners serve), to open its logs
// anew, and to send its callers elsewhere. A signal could do the second too, but would end an Envoy that does not listen
// for it yet.
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

/**
 * Envoy serves on, new connections too, and asks each caller at its next request to go elsewhere: by `Connection: close` and
 * GOAWAY. False if it did not answer.
 */
export function sendCallersAway(adminSocket: string): Promise<boolean> {
  // Without `skip_exit` it would refuse new connections after its drain time.
  return succeeds(adminSocket, 'POST', '/drain_listeners?graceful&skip_exit');
}

/** Connections that its listeners hold, as of its last flush of numbers. Undefined if it did not answer. */
export async function openConnections(adminSocket: string): Promise<number | undefined> {
  const page = await answer(adminSocket, 'GET', '/stats?filter=^server.total_connections$');
  const count = /^server\.total_connections: (\d+)$/m.exec(page ?? '')?.[1];
  return count === undefined ? undefined : Number(count);
}

async function succeeds(adminSocket: string, method: string, path: string, signal?: AbortSignal): Promise<boolean> {
  return (await answer(adminSocket, method, path, signal)) !== undefined;
}

/** The body of an answer with status 200. */
function answer(socketPath: string, method: string, path: string, signal?: AbortSignal): Promise<string | undefined> {
  const options = { socketPath, method, path, agent: false, timeout: answerMs, ...(signal && { signal }) };
  return new Promise((resolve) => {
    const asked = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('error', () => resolve(undefined));
      response.on('end', () => resolve(response.statusCode === 200 ? body : undefined));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(undefined));
    asked.end();
  });
}
