// Listening and ceasing to, the same for every protocol. An address that cannot be had is one clear line.
import { once } from 'node:events';
import type { Server as HttpServer, ServerResponse } from 'node:http';
import type { Server } from 'node:net';
import { messageOf, SallyportError, systemCode } from '../../src/platform/errors.ts';
import type { Service } from './run.ts';

const reasons = new Map([
  ['EADDRINUSE', 'the port is taken by another program'],
  ['EADDRNOTAVAIL', 'this machine does not have the address'],
  ['EACCES', 'this user may not use the port'],
]);

export async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const reason = reasons.get(systemCode(error) ?? '') ?? messageOf(error);
    throw new SallyportError('DEMO_LISTEN', `cannot listen on ${host}:${port}: ${reason}`);
  }
}

/** An HTTP or HTTPS server as a service: answers under way are finished, and their connections closed with them. */
export async function serveHttp(server: HttpServer, host: string, port: number): Promise<Service> {
  // Whoever keeps a connection, such as a sidecar, closes it: a request may meet a server that does, and be lost.
  server.keepAliveTimeout = 0;
  const open = new Set<ServerResponse>();
  server.prependListener('request', (_request, response: ServerResponse) => {
    open.add(response);
    response.once('close', () => {
      open.delete(response);
      if (!server.listening) setImmediate(() => server.closeIdleConnections());
    });
  });
  await listen(server, host, port);
  return {
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const response of open) response.shouldKeepAlive = false;
      await closed;
    },
  };
}
