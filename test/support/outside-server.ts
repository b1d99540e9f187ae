// Servers that stand for the world outside the mesh: HTTP, HTTPS, TCP and UDP on loopback, each recording all that
// reached it, as it came. Invariant: nothing is normalised, so a test sees what really went over the wire.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket, type TlsOptions } from 'node:tls';
import type { Scope } from './envoy-process.ts';
import { createJournal, type Journal } from './journal.ts';
import { serverCertificate } from './tls-fixtures.ts';

export interface OutsideRequest {
  readonly method: string;
  readonly url: string;
  readonly host: string | undefined;
  /** Names in lower case; repeated ones joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  /** Name and value by turns, in the order and case of the wire. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** Server name of the TLS handshake, undefined without TLS or SNI. */
  readonly sni: string | undefined;
  /** Common name of the certificate that the other side showed. */
  readonly client: string | undefined;
  /** `address:port` of the other side. */
  readonly peer: string;
}

export interface OutsideHttp {
  readonly port: number;
  readonly requests: Journal<OutsideRequest>;
  /** With TLS only those whose handshake succeeded. */
  readonly connections: Journal<{ readonly peer: string; readonly sni: string | undefined }>;
  close(): Promise<void>;
}

export interface OutsideHttpOptions {
  readonly t: Scope;
  /** 127.0.0.1 if absent. */
  readonly address?: string;
  /** A fixed port; any free one if absent. */
  readonly port?: number;
  /** HTTPS; `true` with the certificate of the test fixtures. */
  readonly tls?: boolean | TlsOptions;
  /** Answers 200 with the body `outside` if absent. */
  readonly respond?: (request: OutsideRequest, response: ServerResponse) => void;
  /** Answers requests for another protocol, on the bare connection; without it they are requests like any other. */
  readonly upgrade?: (request: OutsideRequest, socket: Duplex) => void;
}

export async function startOutsideHttp(options: OutsideHttpOptions): Promise<OutsideHttp> {
  const { t, tls = false, respond = (_request, response) => response.end('outside'), upgrade } = options;
  const requests = createJournal<OutsideRequest>(
    'requests outside',
    ({ method, host, url }) => `${method} ${host} ${url}`,
  );
  const connections = createJournal<{ readonly peer: string; readonly sni: string | undefined }>('outside connections');
  const listener = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const request = recordRequest(incoming, Buffer.concat(chunks));
    requests.push(request);
    respond(request, response);
  };
  const tlsOptions = tls === true ? serverCertificate : tls;
  const server = tlsOptions === false ? createHttpServer(listener) : createHttpsServer(tlsOptions, listener);
  server.on(tlsOptions !== false ? 'secureConnection' : 'connection', (socket: Socket) => {
    connections.push({ peer: peerOf(socket), sni: sniOf(socket) });
  });
  if (upgrade !== undefined) {
    server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
      const request = recordRequest(incoming, head);
      requests.push(request);
      socket.on('error', () => socket.destroy());
      upgrade(request, socket);
    });
  }
  // `closeAllConnections` does not know those whose handshake has not ended.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await closeServer(server);
  };
  return { port: await listen(t, server, close, options), requests, connections, close };
}

export interface OutsideConnection {
  readonly peer: string;
  readonly socket: Socket;
  /** What it sent, chunk by chunk. */
  readonly received: Journal<Buffer>;
}

export interface OutsideTcp {
  readonly port: number;
  readonly connections: Journal<OutsideConnection>;
  close(): Promise<void>;
}

export interface OutsideTcpOptions {
  readonly t: Scope;
  readonly address?: string;
  readonly port?: number;
  /** Echoes what comes if absent. */
  readonly serve?: (connection: OutsideConnection) => void;
}

export async function startOutsideTcp(options: OutsideTcpOptions): Promise<OutsideTcp> {
  const { t, serve = ({ socket }) => socket.pipe(socket) } = options;
  const connections = createJournal<OutsideConnection>('connections outside', ({ peer }) => peer);
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    const connection = recordConnection(socket);
    connections.push(connection);
    serve(connection);
  });
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await closeServer(server);
  };
  return { port: await listen(t, server, close, options), connections, close };
}

export interface OutsideUdp {
  readonly port: number;
  readonly datagrams: Journal<{ readonly peer: string; readonly bytes: Buffer }>;
}

export interface OutsideUdpOptions {
  readonly t: Scope;
  readonly address?: string;
  readonly port?: number;
  /** The answer to a datagram, or undefined for none; echoes if absent. */
  readonly respond?: (bytes: Buffer) => Buffer | undefined;
}

export async function startOutsideUdp(options: OutsideUdpOptions): Promise<OutsideUdp> {
  const { t, address = '127.0.0.1', respond = (bytes) => bytes } = options;
  const datagrams = createJournal<{ readonly peer: string; readonly bytes: Buffer }>('datagrams outside');
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (bytes, from) => {
    datagrams.push({ peer: `${from.address}:${from.port}`, bytes });
    const answer = respond(bytes);
    if (answer !== undefined) socket.send(answer, from.port, from.address);
  });
  socket.bind(options.port ?? 0, address);
  await once(socket, 'listening');
  t.after(() => {
    socket.close();
  });
  return { port: socket.address().port, datagrams };
}

function recordRequest(incoming: IncomingMessage, body: Buffer): OutsideRequest {
  const headers = new Map<string, string>();
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    const name = (incoming.rawHeaders[index] ?? '').toLowerCase();
    const value = incoming.rawHeaders[index + 1] ?? '';
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return {
    method: incoming.method ?? '',
    url: incoming.url ?? '',
    host: headers.get('host'),
    headers,
    rawHeaders: incoming.rawHeaders,
    body,
    sni: sniOf(incoming.socket),
    client: clientOf(incoming.socket),
    peer: peerOf(incoming.socket),
  };
}

function recordConnection(socket: Socket): OutsideConnection {
  const received = createJournal<Buffer>('bytes of a connection outside');
  socket.on('data', (chunk: Buffer) => received.push(chunk));
  return { peer: peerOf(socket), socket, received };
}

function sniOf(socket: Socket): string | undefined {
  return socket instanceof TLSSocket && typeof socket.servername === 'string' ? socket.servername : undefined;
}

function clientOf(socket: Socket): string | undefined {
  const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined;
  return typeof subject?.CN === 'string' ? subject.CN : undefined;
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`;
}

async function listen(
  t: Scope,
  server: Server,
  close: () => Promise<void>,
  { address = '127.0.0.1', port = 0 }: { readonly address?: string; readonly port?: number },
): Promise<number> {
  server.listen(port, address);
  await once(server, 'listening');
  t.after(close);
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
}
