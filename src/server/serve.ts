// Listens: on the Unix socket for the CLI and, where asked, on TCP for the dashboard and Prometheus.
// Invariant: the socket is 0600 from its first moment and stands in a folder only its owner may write.

import { mkdir, stat, unlink } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createConnection, type ListenOptions } from 'node:net';
import { dirname } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { messageOf, SallyportError, systemCode } from '../platform/errors.ts';
import { createApp } from './app.ts';
import type { ServerDeps } from './deps.ts';
import { createStreamLimit, type StreamLimit } from './events/stream-limit.ts';
import { isLoopback, refusal } from './guard.ts';
import { createSessions } from './session.ts';

export interface ServeOptions {
  readonly socketPath: string;
  /** Without it nothing listens on TCP. */
  readonly tcp?: { readonly host: string; readonly port: number };
}

export interface ApiServer {
  /** Where TCP ended up (port 0 asks for a free one). */
  readonly tcp?: { readonly host: string; readonly port: number };
  /** Stops listening, ends open streams, removes the socket. */
  close(): Promise<void>;
}

/**
 * Resolves when both listen. Throws SallyportError: `SP_ALREADY_RUNNING` another process serves the socket,
 * `SP_PORT_IN_USE`, `SP_LISTEN_FAILED`, `SP_UNSAFE_FOLDER` others may write the socket's folder.
 */
export async function serveApi(deps: ServerDeps, options: ServeOptions): Promise<ApiServer> {
  const { socketPath, tcp } = options;
  const streams = createStreamLimit();
  await prepareSocket(socketPath);
  // TCP first: whoever finds the socket finds a control plane that is up.
  const tcpServer = tcp === undefined ? undefined : await listen(tcpListener(deps, tcp.host, streams), tcp);
  const opened = tcpServer === undefined ? [] : [tcpServer];
  try {
    const app = createApp(deps, { transport: 'unix', streams });
    const unixServer = await listen(getRequestListener(app.fetch), { path: socketPath });
    const address = tcpServer?.address();
    const port = typeof address === 'object' && address !== null ? address.port : undefined;
    return {
      ...(tcp === undefined ? {} : { tcp: { host: tcp.host, port: port ?? tcp.port } }),
      close: () => close([unixServer, ...opened]),
    };
  } catch (error) {
    await close(opened);
    throw error;
  }
}

/** Sessions are given out on loopback only: elsewhere anyone in the network could take one. */
function tcpListener(deps: ServerDeps, host: string, streams: StreamLimit): RequestListener {
  const sessions = isLoopback(host) ? { sessions: createSessions() } : {};
  const handle = getRequestListener(createApp(deps, { transport: 'tcp', streams, ...sessions }).fetch);
  return (request, response) => {
    const refused = refusal(request, host);
    if (refused === undefined) return void handle(request, response);
    response.writeHead(403, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(refused));
  };
}

function listen(handler: RequestListener, where: ListenOptions): Promise<Server> {
  const server = createServer(handler);
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, where)));
    server.once('listening', () => resolve(server));
    // The socket's file is made within listen(): the mask makes it 0600 without a moment of being wider.
    const mask = process.umask(0o177);
    try {
      server.listen(where);
    } finally {
      process.umask(mask);
    }
  });
}

async function close(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map((server) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    }),
  );
}

async function prepareSocket(socketPath: string): Promise<void> {
  const folder = dirname(socketPath);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(folder);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) {
    const hint = 'remove it, or make it yours and mode 0700';
    throw new SallyportError('SP_UNSAFE_FOLDER', `others may write ${folder}`, { hint });
  }
  if (await answers(socketPath)) {
    throw new SallyportError('SP_ALREADY_RUNNING', `another process already serves ${socketPath}`);
  }
  // What a killed process left behind.
  await unlink(socketPath).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error;
  });
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = createConnection(socketPath);
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
}

function listenError(error: unknown, where: ListenOptions): SallyportError {
  const place = where.path ?? `${where.host}:${where.port}`;
  if (systemCode(error) === 'EADDRINUSE') {
    const hint = 'end the process that has it, or choose another with --listen';
    return new SallyportError('SP_PORT_IN_USE', `${place} is in use`, { hint, cause: error });
  }
  return new SallyportError('SP_LISTEN_FAILED', `cannot listen on ${place}: ${messageOf(error)}`, { cause: error });
}
