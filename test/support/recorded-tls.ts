// An HTTPS server outside that also keeps the bytes of every connection as they came, so that a test can say that nothing
// reached it in the clear. Invariant: what is recorded is read before TLS is.
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { TlsOptions } from 'node:tls';
import type { Scope } from './envoy-process.ts';
import type { Journal } from './journal.ts';
import { type OutsideRequest, startOutsideHttp, startOutsideTcp } from './outside-server.ts';

export interface RecordedTls {
  /** Those that came through TLS whole. */
  readonly requests: Journal<OutsideRequest>;
  /** Connections that were opened, whatever came of them. */
  connections(): number;
  /** What was sent on connections that did not begin with a TLS handshake. */
  inTheClear(): readonly string[];
}

export interface RecordedTlsOptions {
  readonly t: Scope;
  readonly address: string;
  readonly tls: TlsOptions;
}

/** On port 443 of the address. */
export async function startRecordedTls({ t, address, tls }: RecordedTlsOptions): Promise<RecordedTls> {
  // Each request is a handshake of its own.
  const respond = (_: unknown, answer: ServerResponse) => answer.setHeader('connection', 'close').end('outside');
  const inner = await startOutsideHttp({ t, tls, respond });
  const outer = await startOutsideTcp({
    t,
    address,
    port: 443,
    serve({ socket }) {
      const onward = connect(inner.port, '127.0.0.1');
      onward.on('error', () => socket.destroy());
      socket.on('close', () => onward.destroy());
      socket.pipe(onward).pipe(socket);
    },
  });
  return {
    requests: inner.requests,
    connections: () => outer.connections.items.length,
    inTheClear: () =>
      outer.connections.items
        .map(({ received }) => Buffer.concat([...received.items]))
        .filter((bytes) => bytes.length > 0 && bytes[0] !== handshakeRecord)
        .map((bytes) => bytes.toString('latin1')),
  };
}

const handshakeRecord = 22;
