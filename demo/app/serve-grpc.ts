// The gRPC side of a service. Most services never get a gRPC call: the port is a plain listener, and the library is
// loaded with the first connection.
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { listen } from '../program/listen.ts';
import type { Log } from '../program/log.ts';
import type { Service } from '../program/run.ts';
import type { GrpcServer } from './grpc-server.ts';
import type { Incoming } from './incoming.ts';

export async function serveGrpcRequests(incoming: Incoming, log: Log, host: string, port: number): Promise<Service> {
  let grpc: Promise<GrpcServer> | undefined;
  const start = async () => (await import('./grpc-server.ts')).createGrpcServer(incoming, log);
  const server = createServer({ pauseOnConnect: true }, async (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    grpc ??= start();
    const { accept } = await grpc;
    accept(socket);
    socket.resume();
  });
  await listen(server, host, port);
  return {
    async stop() {
      const closed = once(server, 'close');
      server.close();
      await (await grpc)?.stop();
      await closed;
    },
  };
}
