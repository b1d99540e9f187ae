// A gRPC server on one Unix socket or loopback address, by node:http2. The listening place stands for who is calling,
// so each proxy's socket has a server of its own; they are cheap.
// Invariant: a bad connection or stream costs only itself.
import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import { messageOf, SallyportError, systemCode } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import { type GrpcHandler, type GrpcStream, grpcStatus, refuseGrpcCall, serveGrpcCall } from './grpc-stream.ts';

export interface GrpcAddress {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
}

export interface GrpcServerOptions {
  /** A Unix socket's path or a TCP address. */
  readonly listen: string | GrpcAddress;
  /** By path, e.g. `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, (call: GrpcStream) => GrpcHandler>;
  /** What to say of a path that is not served. */
  readonly refusal: (path: string) => string;
  readonly log: Logger;
}

export interface GrpcServer {
  /** The TCP port, 0 on a Unix socket. */
  readonly port: number;
  /** Takes no more connections; those that are there go on. */
  stopListening(): void;
  /** Takes no more connections, ends those that are left within the given milliseconds. */
  close(graceMs: number): Promise<void>;
}

/** A reconnect tells the version of every resource held: some 100 bytes for each. */
const messageLimit = 16 * 1024 * 1024;
/** Kept per connection by Node, in MB, before new streams on it are refused; a first response may be large. */
const sessionMemory = 256;
const streamsPerConnection = 16;

/** Throws SallyportError `SP_XDS_LISTEN` if the place cannot be listened on. A Unix socket left behind is replaced. */
export async function listenGrpc({ listen, methods, refusal, log }: GrpcServerOptions): Promise<GrpcServer> {
  const settings = { maxConcurrentStreams: streamsPerConnection };
  const server = createServer({ settings, maxSessionMemory: sessionMemory });
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('close', () => sessions.delete(session));
  });
  server.on('sessionError', (error) => log.debug({ error: messageOf(error) }, 'an xDS connection broke'));
  server.on('stream', (stream, headers) => {
    const path = headers[':path'] ?? '';
    const open = methods.get(path);
    if (open === undefined) return refuseGrpcCall(stream, grpcStatus.unimplemented, refusal(path));
    const onError = (error: unknown) => log.error({ err: error, path }, 'a gRPC call failed');
    serveGrpcCall({ stream, messageLimit, onError, open });
  });
  await startListening(server, listen);
  const bound = server.address();
  const closed = once(server, 'close');
  const stop = () => {
    if (server.listening) server.close();
  };
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
    stopListening: stop,
    async close(graceMs) {
      stop();
      for (const session of sessions) session.close();
      const late = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, graceMs);
      await closed;
      clearTimeout(late);
    },
  };
}

async function startListening(server: Http2Server, listen: string | GrpcAddress): Promise<void> {
  const place = typeof listen === 'string' ? listen : `${listen.host}:${listen.port}`;
  try {
    if (typeof listen === 'string') await rm(listen, { force: true });
    server.listen(typeof listen === 'string' ? { path: listen } : { host: listen.host, port: listen.port });
    await once(server, 'listening');
    // The folder around it is the gate, not the socket: whoever may enter it is the proxy.
    if (typeof listen === 'string') await chmod(listen, 0o666);
  } catch (cause) {
    const code = systemCode(cause);
    const hint = code === 'EADDRINUSE' ? 'another process listens there; stop it or choose another address' : undefined;
    const options = hint === undefined ? { cause } : { cause, hint };
    throw new SallyportError('SP_XDS_LISTEN', `cannot serve xDS on ${place}: ${messageOf(cause)}`, options);
  }
}
