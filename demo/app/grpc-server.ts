// A gRPC server without a port: it serves the connections it is handed.
import type { Socket } from 'node:net';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import type { Log } from '../program/log.ts';
import { encodeText, incomingPath } from './grpc-method.ts';
import type { Incoming } from './incoming.ts';

export interface GrpcServer {
  accept(socket: Socket): void;
  /** Resolves when the calls under way are answered. */
  stop(): Promise<void>;
}

export function createGrpcServer(incoming: Incoming, log: Log): GrpcServer {
  const server = new Server();
  const answer = async (call: ServerUnaryCall<Buffer, string>, callback: sendUnaryData<string>) => {
    const started = performance.now();
    callback(null, await incoming());
    log(`request ${incomingPath} from ${call.getPeer()} -> OK (${Math.round(performance.now() - started)} ms)`);
  };
  server.register(incomingPath, answer, encodeText, (bytes) => bytes, 'unary');
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    accept: (socket) => injector.injectConnection(socket),
    stop: () => new Promise((resolve) => server.tryShutdown(() => resolve())),
  };
}
