// Asks a DNS server one question and reads the answer, by the library's own encoding.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { decode, encode, type Packet, type RecordType } from 'dns-packet';
import { firstMessage, withLength } from '../listener.ts';

export interface Heard {
  readonly id: number;
  readonly code: number;
  readonly addresses: readonly string[];
  readonly packet: Packet;
}

export function query(name: string, type: RecordType = 'A', id = 77): Buffer {
  return encode({ type: 'query', id, flags: 0x0100, questions: [{ type, name }] });
}

export async function askUdp(port: number, bytes: Buffer, address = '127.0.0.1'): Promise<Heard> {
  const socket = createSocket('udp4');
  try {
    socket.send(bytes, port, address);
    const [answer] = await once(socket, 'message', { signal: AbortSignal.timeout(5_000) });
    return heard(answer);
  } finally {
    socket.close();
  }
}

/** All queries in one write; the answers in the order they come. */
export async function askTcp(
  port: number,
  queries: readonly Buffer[],
  address = '127.0.0.1',
): Promise<readonly Heard[]> {
  const socket = connect(port, address);
  socket.write(Buffer.concat(queries.map(withLength)));
  const answers: Heard[] = [];
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk]);
    for (let next = firstMessage(received); next !== undefined; next = firstMessage(received)) {
      received = Buffer.from(next.rest);
      answers.push(heard(next.message));
    }
    if (answers.length === queries.length) break;
  }
  return answers;
}

function heard(bytes: Buffer): Heard {
  const packet = decode(bytes);
  const addresses = (packet.answers ?? []).flatMap((answer) =>
    answer.type === 'A' || answer.type === 'AAAA' ? [answer.data] : [],
  );
  return { id: packet.id ?? 0, code: (bytes[3] ?? 0) & 0x0f, addresses, packet };
}
