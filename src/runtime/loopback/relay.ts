// One connection passed on to another place: what either side sends, and each side's end by itself; neither is read faster
// than the other takes it. A side that breaks off breaks off the other.
import { connect, type Socket } from 'node:net';

const keepAliveMs = 60_000;

/** `client` must allow half-open ends. Returns the other side. */
export function relay(client: Socket, target: { readonly address: string; readonly port: number }): Socket {
  const server = connect({
    host: target.address,
    port: target.port,
    // Of the load balancer itself, so that who is called can tell it from proxies of the mesh.
    ...(client.localAddress === undefined ? {} : { localAddress: client.localAddress }),
    allowHalfOpen: true,
    noDelay: true,
  });
  client.setKeepAlive(true, keepAliveMs);
  server.setKeepAlive(true, keepAliveMs);
  client.pipe(server);
  server.pipe(client);
  client.on('error', () => server.resetAndDestroy());
  server.on('error', () => client.resetAndDestroy());
  return server;
}
