// A nameserver on loopback, by UDP and TCP, that says what the test wants and keeps what it was asked.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { type Answer, decode, encode, type Packet } from 'dns-packet';
import { systemCode } from '../../../platform/errors.ts';
import type { Scope } from '../../launch/testing/started.ts';
import { firstMessage, withLength } from '../listener.ts';
import type { Nameserver } from '../resolv-conf.ts';

const address = '127.0.0.1';

export interface Reply {
  readonly code?: number;
  readonly truncated?: boolean;
  readonly answers?: readonly Answer[];
}

export interface TestNameserver extends Nameserver {
  /** `udp a.example`, … in the order they came. */
  readonly asked: readonly string[];
}

/** `reply` gives undefined to stay silent. */
export async function startNameserver(
  scope: Scope,
  reply: (name: string, by: 'udp' | 'tcp') => Reply | undefined,
): Promise<TestNameserver> {
  const asked: string[] = [];
  function answer(bytes: Buffer, by: 'udp' | 'tcp'): Buffer | undefined {
    const query = decode(bytes);
    const name = query.questions?.[0]?.name ?? '';
    asked.push(`${by} ${name}`);
    const said = reply(name, by);
    return said && encodeReply(query, said);
  }
  const udp = createSocket('udp4');
  udp.on('message', (bytes, from) => {
    const said = answer(bytes, 'udp');
    if (said !== undefined) udp.send(said, from.port, from.address);
  });
  const tcp = createServer((socket) => {
    socket.on('data', (bytes: Buffer) => {
      const message = firstMessage(bytes)?.message;
      const said = message && answer(message, 'tcp');
      if (said !== undefined) socket.end(withLength(said));
    });
  });
  scope.after(() => {
    udp.close();
    tcp.close();
  });
  const port = await listenOnOnePort(udp, tcp);
  return { address, port, asked };
}

/** TCP chooses; where that port is taken for UDP, another one. */
async function listenOnOnePort(udp: Socket, tcp: Server): Promise<number> {
  for (;;) {
    tcp.listen(0, address);
    await once(tcp, 'listening');
    const bound = tcp.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    try {
      udp.bind(port, address);
      await once(udp, 'listening');
      return port;
    } catch (error) {
      if (systemCode(error) !== 'EADDRINUSE') throw error;
      tcp.close();
      await once(tcp, 'close');
    }
  }
}

function encodeReply({ id, questions }: Packet, { code = 0, truncated = false, answers = [] }: Reply): Buffer {
  const flags = 0x0180 | code | (truncated ? 0x0200 : 0);
  return encode({ type: 'response', flags, answers: [...answers], ...(id && { id }), ...(questions && { questions }) });
}
