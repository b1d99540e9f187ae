// A TLS server whose every incoming byte is written down before TLS reads it: whether anything came in the clear.
import { connect } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { Scope } from '../support/envoy-process.ts';
import type { Journal } from '../support/journal.ts';
import { type OutsideRequest, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';

export interface TappedServer {
  readonly port: number;
  readonly requests: Journal<OutsideRequest>;
  /** All bytes that came, of all connections. */
  bytes(): Buffer;
}

export async function startTappedServer(t: Scope, tls: TlsOptions): Promise<TappedServer> {
  const { port, requests } = await startOutsideHttp({ t, tls });
  const tap = await startOutsideTcp({
    t,
    serve: ({ socket }) => {
      const server = connect(port, '127.0.0.1');
      server.on('error', () => socket.destroy());
      socket.pipe(server).pipe(socket);
    },
  });
  const bytes = () => Buffer.concat(tap.connections.items.flatMap(({ received }) => received.items));
  return { port: tap.port, requests, bytes };
}
