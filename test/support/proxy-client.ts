// A program that was told of an HTTP proxy: requests with a whole URL, and CONNECT with what goes inside. Sends what the
// test says, byte by byte.
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { authority } from './tls-fixtures.ts';

export interface ProxyPlace {
  readonly host: string;
  readonly port: number;
}

export interface ProxyAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ProxyCall {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `GET http://a.test/ HTTP/1.1`. */
export async function askProxy(proxy: ProxyPlace, url: string, call: ProxyCall = {}): Promise<ProxyAnswer> {
  const { method = 'GET', headers = {}, body } = call;
  const host = /^\w+:\/\/([^/]+)/.exec(url)?.[1] ?? '';
  const signal = AbortSignal.timeout(10_000);
  const outgoing = request({ ...proxy, path: url, method, headers: { host, ...headers }, agent: false, signal });
  outgoing.end(body);
  const [response] = await once(outgoing, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: response.statusCode ?? 0, headers: response.headers, body: text };
}

export interface Tunnel {
  readonly status: number;
  /** The answer's head and body, as far as it came with it. */
  readonly head: string;
  /** What is inside, if the status is 200. */
  readonly socket: Socket;
  readonly ms: number;
}

/** `CONNECT a.test:443`. */
export async function openTunnel(proxy: ProxyPlace, target: string): Promise<Tunnel> {
  const started = performance.now();
  const socket = connect(proxy.port, proxy.host);
  const signal = AbortSignal.timeout(10_000);
  await once(socket, 'connect', { signal });
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  let head = '';
  while (!head.includes('\r\n\r\n')) {
    const [chunk] = await once(socket, 'data', { signal });
    head += chunk.toString('latin1');
  }
  socket.pause();
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, socket, ms: performance.now() - started };
}

/** Sends the bytes and reads until the other side ends, or until what came fits; an error ends it too. */
export async function exchangeOver(
  socket: Socket,
  bytes: string,
  enough: (text: string) => boolean = () => false,
): Promise<string> {
  socket.setTimeout(10_000, () => socket.destroy(new Error('no end of the answer')));
  let text = '';
  const done = new Promise<void>((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (enough(text)) resolve();
    });
    socket.on('end', resolve);
    socket.on('error', (error: Error & { code?: string }) => (error.code === 'ECONNRESET' ? resolve() : reject(error)));
  });
  socket.write(bytes, 'latin1');
  socket.resume();
  await done;
  socket.destroy();
  return text;
}

/** A TLS handshake inside a tunnel; undefined when the connection was ended instead. */
export async function tlsInside(socket: Socket, servername: string | undefined): Promise<TLSSocket | undefined> {
  const options = { socket, ca: authority, checkServerIdentity: () => undefined };
  const tls = tlsConnect(servername === undefined ? options : { ...options, servername });
  try {
    await once(tls, 'secureConnect', { signal: AbortSignal.timeout(10_000) });
    return tls;
  } catch {
    tls.destroy();
    return undefined;
  }
}

export const getInside = (host: string): string => `GET /inside HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
