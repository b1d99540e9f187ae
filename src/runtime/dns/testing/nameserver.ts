// A nameserver on loopback, by UDP and TCP, that says what the test wants and keeps what it was asked.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type Answer, decode, encode, type Packet } from 'dns-packet';
import type { Scope } from '../../launch/testing/started.ts';
import { firstMessage, withLength } from '../listener.ts';
import type { Nameserver } from '../resolv-conf.ts';

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
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const { port } = udp.address();
  const tcp = createServer((socket) => {
    socket.on('data', (bytes: Buffer) => {
      const message = firstMessage(bytes)?.message;
      const said = message && answer(message, 'tcp');
      if (said !== undefined) socket.end(withLength(said));
    });
  });
  tcp.listen(port, '127.0.0.1');
  await once(tcp, 'listening');
  scope.after(() => {
    udp.close();
    tcp.close();
  });
  return { address: '127.0.0.1', port, asked };
}

function encodeReply({ id, questions }: Packet, { code = 0, truncated = false, answers = [] }: Reply): Buffer {
  const flags = 0x0180 | code | (truncated ? 0x0200 : 0);
  return encode({ type: 'response', flags, answers: [...answers], ...(id && { id }), ...(questions && { questions }) });
}
