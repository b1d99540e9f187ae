// One address on which DNS is answered, by UDP and TCP on the same port (RFC 1035 4.2). What is no query gets no answer:
// by UDP it is dropped, by TCP the connection ends.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { SallyportError } from '../../platform/errors.ts';

/** Resolves to the answer; to undefined for what is no query. Must not reject. */
export type Respond = (query: Buffer) => Promise<Buffer | undefined>;

export interface DnsListener {
  readonly port: number;
  /** Ends open connections too. */
  close(): Promise<void>;
}

const idleTcpMs = 5000;
const mostConnections = 64;

/** Port 0 takes a free one. Throws SallyportError where the port is taken. */
export async function listenDns(address: string, port: number, respond: Respond): Promise<DnsListener> {
  const connections = new Set<Socket>();
  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serveConnection(socket, respond);
  });
  tcp.maxConnections = mostConnections;
  tcp.listen(port, address);
  await opened(tcp, address, port);
  const bound = tcp.address();
  const taken = typeof bound === 'object' && bound !== null ? bound.port : port;
  const udp = serveUdp(address, respond);
  udp.bind(taken, address);
  try {
    await opened(udp, address, taken);
  } catch (error) {
    tcp.close();
    throw error;
  }
  return {
    port: taken,
    async close() {
      const closed = [once(udp, 'close'), once(tcp, 'close')];
      udp.close();
      tcp.close();
      for (const socket of connections) socket.destroy();
      await Promise.all(closed);
    },
  };
}

/** DNS over TCP puts the length before the message. */
export function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** The first whole message of a TCP stream and what follows it; undefined while it has not all come. */
export function firstMessage(received: Buffer): { readonly message: Buffer; readonly rest: Buffer } | undefined {
  if (received.length < 2) return undefined;
  const end = 2 + received.readUInt16BE(0);
  return received.length < end ? undefined : { message: received.subarray(2, end), rest: received.subarray(end) };
}

function serveUdp(address: string, respond: Respond): UdpSocket {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  let open = true;
  socket.on('close', () => {
    open = false;
  });
  socket.on('message', (query, from) => {
    void respond(query).then((bytes) => {
      // The asker may be gone; nothing is owed to it then.
      if (bytes !== undefined && open) socket.send(bytes, from.port, from.address, () => undefined);
    });
  });
  return socket;
}

function serveConnection(socket: Socket, respond: Respond): void {
  let received = Buffer.alloc(0);
  socket.setTimeout(idleTcpMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (let next = firstMessage(received); next !== undefined; next = firstMessage(received)) {
      received = Buffer.from(next.rest);
      void respond(next.message).then((bytes) => {
        if (bytes === undefined) socket.destroy();
        else if (!socket.destroyed) socket.write(withLength(bytes));
      });
    }
  });
}

async function opened(server: UdpSocket | Server, address: string, port: number): Promise<void> {
  try {
    await once(server, 'listening');
    server.on('error', () => undefined);
  } catch (cause) {
    const hint = 'end the process that has the port';
    throw new SallyportError('SP_DNS_PORT', `DNS cannot listen on ${address} port ${port}`, { hint, cause });
  }
}
