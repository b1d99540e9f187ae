// The host's own resolvers: each query is passed on as it came, to one nameserver after the other, over TCP where the
// answer was cut off. Bounded in time and in number; what nobody answers is the caller's SERVFAIL.
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { connect, isIPv6 } from 'node:net';

export interface Nameserver {
  readonly address: string;
  readonly port: number;
}

const udpTimeoutMs = 800;
const tcpTimeoutMs = 1500;
const mostAtOnce = 512;
const truncated = 0x02;

export interface Upstream {
  /** The answer's bytes, or undefined when none of the nameservers gave one in time. */
  ask(query: Buffer): Promise<Buffer | undefined>;
}

/** Without `nameservers`, those of the host's /etc/resolv.conf as it is at each query. */
export function createUpstream(nameservers?: readonly Nameserver[]): Upstream {
  let underway = 0;
  return {
    async ask(query) {
      if (underway >= mostAtOnce) return undefined;
      underway += 1;
      try {
        for (const nameserver of (nameservers ?? hostNameservers()).slice(0, 3)) {
          const answer = await askUdp(nameserver, query);
          if (answer === undefined) continue;
          const cutOff = ((answer[2] ?? 0) & truncated) !== 0;
          return cutOff ? ((await askTcp(nameserver, query)) ?? answer) : answer;
        }
        return undefined;
      } finally {
        underway -= 1;
      }
    },
  };
}

export function hostNameservers(path = '/etc/resolv.conf'): readonly Nameserver[] {
  try {
    const lines = readFileSync(path, 'utf8').matchAll(/^\s*nameserver\s+([0-9a-fA-F.:]+)/gm);
    return [...lines].map(([, address = '']) => ({ address, port: 53 }));
  } catch {
    return [];
  }
}

function askUdp({ address, port }: Nameserver, query: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const late = setTimeout(() => done(undefined), udpTimeoutMs);
    let ended = false;
    function done(answer: Buffer | undefined): void {
      if (ended) return;
      ended = true;
      clearTimeout(late);
      socket.close();
      resolve(answer);
    }
    socket.on('error', () => done(undefined));
    socket.on('message', (answer) => {
      if (answer.length >= 12 && answer.readUInt16BE(0) === query.readUInt16BE(0)) done(answer);
    });
    socket.on('connect', () => socket.send(query));
    socket.connect(port, address);
  });
}

function askTcp({ address, port }: Nameserver, query: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let received = Buffer.alloc(0);
    const done = (answer: Buffer | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(tcpTimeoutMs, () => done(undefined));
    socket.on('error', () => done(undefined));
    socket.on('connect', () => socket.write(withLength(query)));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0))
        done(received.subarray(2, 2 + received.readUInt16BE(0)));
    });
    socket.on('close', () => done(undefined));
  });
}

/** DNS over TCP puts the length before the message. */
export function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
