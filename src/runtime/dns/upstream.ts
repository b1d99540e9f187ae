// The host's own resolvers: each query is passed on as it came, to one nameserver after the other, over TCP where the
// answer was cut off. Bounded in time and in number; what nobody answers is the caller's SERVFAIL.
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { type AnswerCache, createAnswerCache } from './answer-cache.ts';
import { firstMessage, withLength } from './listener.ts';
import { hostNameservers, type Nameserver } from './resolv-conf.ts';

/** All tries together; a resolver asks again after 5 s, a person sooner. */
const patienceMs = 1_800;
const mostNameservers = 3;
const mostAtOnce = 512;
const truncated = 0x02;
/** SERVFAIL, NOTIMP, REFUSED: another nameserver may do better. */
const failures: ReadonlySet<number> = new Set([2, 4, 5]);

export interface Upstream {
  /** The answer's bytes, or undefined when none of the nameservers gave one in time. */
  ask(query: Buffer): Promise<Buffer | undefined>;
}

/** Without `nameservers`, those of the host's /etc/resolv.conf as it is at each query. */
export function createUpstream(
  nameservers?: readonly Nameserver[],
  cache: AnswerCache = createAnswerCache(),
): Upstream {
  let underway = 0;
  return {
    async ask(query) {
      const kept = cache.get(query);
      if (kept !== undefined || underway >= mostAtOnce) return kept;
      underway += 1;
      try {
        const answer = await askInTurn((nameservers ?? hostNameservers()).slice(0, mostNameservers), query);
        if (answer !== undefined) cache.set(query, answer);
        return answer;
      } finally {
        underway -= 1;
      }
    },
  };
}

async function askInTurn(nameservers: readonly Nameserver[], query: Buffer): Promise<Buffer | undefined> {
  const deadline = performance.now() + patienceMs;
  // A datagram may be lost: the only nameserver is asked twice.
  const tries = nameservers.length === 1 ? [...nameservers, ...nameservers] : nameservers;
  let failed: Buffer | undefined;
  for (const nameserver of tries) {
    const answer = await askUdp(nameserver, query, patienceMs / tries.length);
    if (answer === undefined) continue;
    const cutOff = ((answer[2] ?? 0) & truncated) !== 0;
    const whole = cutOff ? ((await askTcp(nameserver, query, deadline - performance.now())) ?? answer) : answer;
    if (!failures.has((whole[3] ?? 0) & 0x0f)) return whole;
    failed = whole;
  }
  return failed;
}

function askUdp({ address, port }: Nameserver, query: Buffer, waitMs: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    let ended = false;
    const done = (answer: Buffer | undefined) => {
      if (ended) return;
      ended = true;
      clearTimeout(late);
      socket.close();
      resolve(answer);
    };
    const late = setTimeout(() => done(undefined), waitMs);
    socket.on('error', () => done(undefined));
    socket.on('message', (answer) => {
      if (answer.length >= 12 && answer.readUInt16BE(0) === query.readUInt16BE(0)) done(answer);
    });
    socket.on('connect', () => socket.send(query));
    socket.connect(port, address);
  });
}

function askTcp({ address, port }: Nameserver, query: Buffer, waitMs: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let received = Buffer.alloc(0);
    const done = (answer: Buffer | undefined) => {
      clearTimeout(late);
      socket.destroy();
      resolve(answer);
    };
    const late = setTimeout(() => done(undefined), waitMs);
    socket.on('error', () => done(undefined));
    socket.on('connect', () => socket.write(withLength(query)));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const first = firstMessage(received);
      if (first !== undefined) done(first.message);
    });
    socket.on('close', () => done(undefined));
  });
}
