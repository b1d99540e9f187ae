// JSON over HTTP on a Unix socket: how the CLI reaches the control plane and the control plane the keeper.
// Invariant: whatever the other side does, the caller gets a value or a SallyportError, and an abort ends it.
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { SallyportError, systemCode } from './errors.ts';

// Not imported: an import reads all that the module has, its web sockets too, which costs each command 50 ms.
const { request: httpRequest } = process.getBuiltinModule('node:http');

export interface UnixHttpRequest {
  readonly socketPath: string;
  /** `GET` if absent. */
  readonly method?: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Path and query, encoded. */
  readonly path: string;
  /** Sent as JSON unless undefined. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Milliseconds until the answer's headers must be there; 30 000 if absent. */
  readonly timeoutMs?: number;
}

export interface UnixHttpResponse {
  readonly status: number;
  /** Parsed JSON; undefined for an empty body. */
  readonly body: unknown;
}

/**
 * One request, one JSON answer; any status is an answer. Throws SallyportError: `SP_NO_SERVER` nobody listens on
 * the socket, `SP_SOCKET_DENIED` no right to it, `SP_CONNECTION_LOST` it broke off or was too slow,
 * `SP_BAD_RESPONSE` the answer is no JSON. An abort rejects with the signal's AbortError.
 */
export async function requestJson(request: UnixHttpRequest): Promise<UnixHttpResponse> {
  const response = await open(request, 'application/json');
  return { status: response.statusCode ?? 0, body: parse(request, await readAll(request, response)) };
}

/**
 * The lines of a streaming answer as they come, until the other side ends it or the signal aborts (then it ends
 * without throwing). Throws as requestJson does, and `SP_REQUEST_FAILED` with the answer's words on a status
 * other than 200.
 */
export async function* streamLines(request: UnixHttpRequest): AsyncGenerator<string, void, undefined> {
  try {
    const response = await open(request, 'application/json, text/event-stream');
    if (response.statusCode !== 200) {
      const body = parse(request, await readAll(request, response));
      throw new SallyportError('SP_REQUEST_FAILED', errorText(body) ?? `HTTP status ${response.statusCode}`);
    }
    try {
      for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) yield line;
    } finally {
      // A reader that has read enough leaves no connection open.
      response.destroy();
    }
  } catch (error) {
    if (request.signal?.aborted !== true) throw connectionError(request, error);
  }
}

function open(request: UnixHttpRequest, accept: string): Promise<IncomingMessage> {
  const { socketPath, path, method = 'GET', body, signal, timeoutMs = 30_000 } = request;
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const headers = {
    host: 'localhost',
    accept,
    ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
  };
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const outgoing = httpRequest({ socketPath, path, method, headers, agent: false, ...(signal ? { signal } : {}) });
    const late = setTimeout(() => outgoing.destroy(tooSlow(request, timeoutMs)), timeoutMs);
    outgoing.on('response', (response) => {
      clearTimeout(late);
      resolve(response);
    });
    outgoing.on('error', (error) => {
      clearTimeout(late);
      reject(connectionError(request, error));
    });
    outgoing.end(payload);
  });
}

async function readAll(request: UnixHttpRequest, response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(Buffer.from(chunk));
  } catch (error) {
    throw connectionError(request, error);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(request: UnixHttpRequest, text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = `the process behind ${request.socketPath} did not answer in JSON`;
    throw new SallyportError('SP_BAD_RESPONSE', message, { cause });
  }
}

function errorText(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('message' in body)) return undefined;
  return typeof body.message === 'string' ? body.message : undefined;
}

function tooSlow(request: UnixHttpRequest, timeoutMs: number): SallyportError {
  const message = `the process behind ${request.socketPath} did not answer within ${timeoutMs / 1000} s`;
  return new SallyportError('SP_CONNECTION_LOST', message);
}

function connectionError(request: UnixHttpRequest, cause: unknown): unknown {
  if (request.signal?.aborted === true) return request.signal.reason;
  if (cause instanceof SallyportError) return cause;
  const { socketPath } = request;
  const code = systemCode(cause);
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new SallyportError('SP_NO_SERVER', `nothing listens on ${socketPath}`, { cause });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    const hint = 'run this as the user who started the mesh';
    return new SallyportError('SP_SOCKET_DENIED', `no right to open ${socketPath}`, { cause, hint });
  }
  const why = code === undefined ? '' : ` (${code})`;
  return new SallyportError('SP_CONNECTION_LOST', `the connection to ${socketPath} broke off${why}`, { cause });
}
