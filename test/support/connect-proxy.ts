// An HTTP proxy outside, as companies have one: takes CONNECT, and POST as a stand-in for it, and passes bytes on to the
// place that stands for the name that was asked for. Keeps what it was asked.
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Scope } from './envoy-process.ts';
import { createJournal, type Journal } from './journal.ts';

export interface AskedConnection {
  readonly method: string;
  /** `far.test:443`. */
  readonly authority: string;
  /** Names in lower case. */
  readonly headers: readonly string[];
}

export interface ConnectProxyOptions {
  readonly t: Scope;
  readonly address: string;
  readonly port: number;
  /** `far.test:443` -> where that is; others are refused. */
  readonly places: ReadonlyMap<string, { readonly address: string; readonly port: number }>;
}

export async function startConnectProxy({ t, address, port, places }: ConnectProxyOptions) {
  const asked: Journal<AskedConnection> = createJournal('connections asked for', ({ authority }) => authority);
  const sockets = new Set<Duplex>();

  function note(request: IncomingMessage, authority: string): void {
    const headers = request.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    asked.push({ method: request.method ?? '', authority, headers });
  }

  function open(authority: string): Socket | undefined {
    const place = places.get(authority);
    const onward = place === undefined ? undefined : connect(place.port, place.address);
    onward?.on('error', () => onward.destroy());
    if (onward !== undefined) sockets.add(onward);
    return onward;
  }

  const server = createServer((request, response) => {
    const authority = request.headers.host ?? '';
    note(request, authority);
    const onward = request.method === 'POST' ? open(authority) : undefined;
    if (onward === undefined) {
      response.writeHead(403).end();
      return;
    }
    response.writeHead(200).flushHeaders();
    onward.on('close', () => response.end());
    request.pipe(onward).pipe(response);
  });
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    note(request, request.url ?? '');
    const onward = open(request.url ?? '');
    if (onward === undefined) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    onward.write(head);
    onward.on('close', () => socket.destroy());
    socket.on('close', () => onward.destroy());
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((listening) => server.listen(port, address, listening));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return asked;
}
