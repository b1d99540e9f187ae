// Clients that send exactly what a test says: HTTP requests with any Host, raw bytes, TLS with any SNI.
// Invariant: nothing is retried or pooled unless the test passes an agent.
import { once } from 'node:events';
import { type Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { authority } from './tls-fixtures.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The local port of the connection: equal for requests that shared one. */
  readonly localPort: number;
}

export interface HttpCall {
  /** 127.0.0.1 if absent. */
  readonly address?: string;
  readonly port: number;
  /** The Host header. */
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly agent?: Agent;
  /** Milliseconds until the answer must be whole; 10 000 if absent. */
  readonly timeoutMs?: number;
}

/** One request; rejects when the connection breaks or the time is over. */
export function httpCall(call: HttpCall): Promise<HttpAnswer> {
  const { address = '127.0.0.1', port, host, path = '/', method = 'GET', headers = {}, body, agent } = call;
  const { timeoutMs = 10_000 } = call;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const options = {
      host: address,
      port,
      path,
      method,
      headers: { ...headers, host },
      agent: agent ?? false,
      signal,
    };
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = [];
      const localPort = response.socket.localPort ?? 0;
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, localPort });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Sends the bytes on a new connection and returns all that comes back until the other side closes. */
export async function rawExchange(port: number, bytes: string, timeoutMs = 10_000): Promise<string> {
  return exchange(await tcpConnect(port), bytes, timeoutMs);
}

async function exchange(socket: Socket, bytes: string, timeoutMs: number): Promise<string> {
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no end of the answer within ${timeoutMs} ms`)));
  socket.write(bytes, 'latin1');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('latin1');
}

/** One HTTP/1.1 request over a connection that is already open; all that comes back until the other side closes. */
export async function requestOver(socket: Socket, timeoutMs = 10_000): Promise<string> {
  return exchange(socket, 'GET / HTTP/1.1\r\nHost: over.test\r\nConnection: close\r\n\r\n', timeoutMs);
}

export async function tcpConnect(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

export type TlsOutcome =
  | { readonly ok: true; readonly socket: TLSSocket; readonly ms: number }
  /** `code` as ECONNRESET. */
  | { readonly ok: false; readonly code: string; readonly ms: number };

/** A TLS handshake with this SNI (none if undefined); a refusal is an outcome. */
export async function tlsHandshake(port: number, sni: string | undefined, timeoutMs = 10_000): Promise<TlsOutcome> {
  const started = performance.now();
  const socket = tlsConnect({
    host: '127.0.0.1',
    port,
    ca: authority,
    checkServerIdentity: () => undefined,
    ...(sni === undefined ? {} : { servername: sni }),
  });
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(timeoutMs) });
    return { ok: true, socket, ms: performance.now() - started };
  } catch (error) {
    socket.destroy();
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { ok: false, code, ms: performance.now() - started };
  }
}
