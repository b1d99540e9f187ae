// HTTP calls of the programs. Invariant: a call ends within its time with an answer or a reason, never with an exception.
// With HTTP_PROXY in the environment HTTP goes to the proxy in absolute form, HTTPS by CONNECT: Node's agents do both.
import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { systemCode } from '../../src/platform/errors.ts';
import type { Environment } from './environment.ts';
import { failureReason } from './failure.ts';

export interface HttpCall {
  readonly url: URL;
  readonly method?: string;
  readonly body?: { readonly text: string; readonly type: string };
}

export type HttpOutcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body: string;
      /** The sidecar gave this answer, and nobody else saw the request. */
      readonly blocked: boolean;
      readonly ms: number;
    }
  | { readonly kind: 'failure'; readonly reason: string; readonly ms: number };

export interface HttpClient {
  call(call: HttpCall): Promise<HttpOutcome>;
  close(): void;
}

/** A call takes no longer. */
export const callTimeoutMs = 5000;
/** Of an answer no more is kept. */
const longestBody = 64 * 1024;
const mostConnections = 32;

export function createHttpClient(env: Environment, timeoutMs = callTimeoutMs): HttpClient {
  const http = new HttpAgent({ keepAlive: true, maxSockets: mostConnections, proxyEnv: env });
  // A TLS connection that is open outlives the policy that allowed it: each call asks anew.
  const https = new HttpsAgent({ keepAlive: false, maxSockets: mostConnections, proxyEnv: env });

  async function attempt(call: HttpCall, signal: AbortSignal): Promise<HttpOutcome> {
    const started = performance.now();
    const outgoing = send(call, signal);
    try {
      const answer = await response(outgoing);
      const body = await readBody(answer);
      const ms = Math.round(performance.now() - started);
      return { kind: 'answer', status: answer.statusCode ?? 0, body, blocked: isBlocked(answer, body), ms };
    } catch (error) {
      // The other side closed the idle connection in the moment this call took it. It never saw the call.
      const stale = outgoing.reusedSocket && systemCode(error) === 'ECONNRESET' && (call.method ?? 'GET') === 'GET';
      if (stale && !signal.aborted) return attempt(call, signal);
      const reason = failureReason(signal.aborted ? signal.reason : error);
      return { kind: 'failure', reason, ms: Math.round(performance.now() - started) };
    }
  }

  function send({ url, method = 'GET', body }: HttpCall, signal: AbortSignal): ClientRequest {
    const secure = url.protocol === 'https:';
    const headers = body === undefined ? {} : { 'content-type': body.type };
    const options = { method, headers: { ...headers, 'user-agent': 'sallyport-demo' }, signal };
    const outgoing = secure
      ? httpsRequest(url, { ...options, agent: https })
      : httpRequest(url, { ...options, agent: http });
    outgoing.end(body?.text);
    return outgoing;
  }

  return {
    call: (call) => attempt(call, AbortSignal.timeout(timeoutMs)),
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

/** `200 (12 ms)`, `502 blocked by its sidecar (2 ms)`, `connection reset (3 ms)`. */
export function describeOutcome(outcome: HttpOutcome): string {
  if (outcome.kind === 'failure') return `${outcome.reason} (${outcome.ms} ms)`;
  return `${outcome.status}${outcome.blocked ? ' blocked by its sidecar' : ''} (${outcome.ms} ms)`;
}

function response(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    // Stays: after the answer began an error comes to the answer as well, and must find somebody here.
    outgoing.on('error', reject);
  });
}

async function readBody(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk);
    if (length < longestBody) chunks.push(bytes);
    length += bytes.length;
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, longestBody);
}

/** A 502 without body and type that no server behind Envoy had a part in. */
function isBlocked({ statusCode, headers }: IncomingMessage, body: string): boolean {
  return (
    statusCode === 502 &&
    headers['server'] === 'envoy' &&
    body === '' &&
    headers['content-type'] === undefined &&
    headers['x-envoy-upstream-service-time'] === undefined
  );
}
