// DNS for pods: one address for each, by which it is known who asks. Names of the mesh and of `--resolve` are answered at
// once, the rest is passed on to the host's resolvers. A query never ends the server.

import { isIPv6 } from 'node:net';
import { type Answer, decode, encode, type Packet, type Question } from 'dns-packet';
import type { KeeperConfig } from '../protocol.ts';
import { createHostsFile, type HostsFile } from './hosts-file.ts';
import { type DnsListener, listenDns } from './listener.ts';
import { createLocalNames, type DnsClient, type LocalAnswer } from './local-names.ts';
import type { Nameserver } from './resolv-conf.ts';
import { createUpstream } from './upstream.ts';

export type { DnsClient } from './local-names.ts';

export interface DnsServerOptions {
  /** The mesh's /16, for stand-in addresses (network/port-routes.ts); absent where nothing sends them on. */
  readonly cidr?: string;
  /** Nameservers to ask instead of the host's. */
  readonly upstream?: readonly Nameserver[];
  /** Instead of the host's /etc/hosts. */
  readonly hosts?: HostsFile;
}

export interface DnsServer {
  /** UDP and TCP on the same port; 0 takes a free one. Resolves to the port. Several ports of an address may be listened on. */
  listen(address: string, port: number, client: DnsClient): Promise<number>;
  /** Stops listening on that address, on all ports. */
  unlisten(address: string): Promise<void>;
  /** Replaces records and rules; the next query sees them. */
  setConfig(config: KeeperConfig): void;
  close(): Promise<void>;
}

interface Asked {
  readonly packet: Packet;
  readonly query: Buffer;
  readonly question: Question;
  readonly local: Exclude<LocalAnswer, { kind: 'alias' }> | undefined;
  readonly alias: readonly Answer[];
}

const ttlSeconds = 5;
/** Authoritative, recursion desired and available. */
const ownFlags = 0x0580;
const passedFlags = 0x0180;
const recursionDesired = 0x0100;
const noError = 0;
const serverFailure = 2;
const noSuchName = 3;

export function createDnsServer(options: DnsServerOptions): DnsServer {
  const { cidr, hosts = createHostsFile() } = options;
  const upstream = createUpstream(options.upstream);
  const listeners = new Map<string, readonly DnsListener[]>();
  let names = createLocalNames({ records: [], resolve: [] }, cidr, hosts);

  /** Undefined for what is no query. */
  async function answer(query: Buffer, client: DnsClient): Promise<Buffer | undefined> {
    const packet = decodeQuery(query);
    const question = packet?.questions?.[0];
    if (packet === undefined || question === undefined) return undefined;
    const { name, type } = question;
    const local = names.lookup(plainName(name), client);
    if (local?.kind !== 'alias') return answerName({ packet, query, question, local, alias: [] });
    // The name's other name, and what is found under that (RFC 1034 3.6.2).
    const alias: Answer[] = [{ type: 'CNAME', name, ttl: ttlSeconds, data: local.of }];
    if (type === 'CNAME') return reply(packet, ownFlags, alias);
    const other: Question = { type, name: local.of };
    const found = names.lookup(plainName(local.of), client);
    const asked = encode({ type: 'query', id: packet.id ?? 0, flags: recursionDesired, questions: [other] });
    // Names of the mesh lead to no further ones here.
    const behind = found?.kind === 'alias' ? ({ kind: 'nonexistent' } as const) : found;
    return answerName({ packet, query: asked, question: other, local: behind, alias });
  }

  /** `query` is about `question`; `packet`, which may have asked for its alias, is what is replied to. */
  async function answerName({ packet, query, question, local, alias }: Asked): Promise<Buffer> {
    if (local?.kind === 'nonexistent') return reply(packet, ownFlags | noSuchName, alias);
    const isOurs = local !== undefined && !(local.addressesAlone && !asksForAddress(question));
    const own = isOurs ? [...alias, ...addressAnswers(question, local.addresses)] : [];
    if (isOurs && !local.unlessKnown) return reply(packet, ownFlags, own);
    const answered = await upstream.ask(query);
    if (isOurs && codeOf(answered) !== noError) return reply(packet, ownFlags, own);
    if (answered === undefined) return reply(packet, passedFlags | serverFailure);
    if (alias.length === 0) return answered;
    return reply(packet, passedFlags | codeOf(answered), [...alias, ...(decode(answered).answers ?? [])]);
  }

  async function unlisten(address: string): Promise<void> {
    const closing = listeners.get(address) ?? [];
    listeners.delete(address);
    await Promise.all(closing.map((listener) => listener.close()));
  }

  return {
    async listen(address, port, client) {
      const listener = await listenDns(address, port, (query) => answer(query, client).catch(() => undefined));
      listeners.set(address, [...(listeners.get(address) ?? []), listener]);
      return listener.port;
    },
    unlisten,
    setConfig(config) {
      names = createLocalNames(config, cidr, hosts);
    },
    async close() {
      await Promise.all([...listeners.keys()].map(unlisten));
    },
  };
}

/** No answer is a failure. */
function codeOf(answer: Buffer | undefined): number {
  return answer === undefined ? serverFailure : (answer[3] ?? 0) & 0x0f;
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** Or for what would lead around the address that is answered: service bindings bring hints of others. */
function asksForAddress({ type }: Question): boolean {
  return ['A', 'AAAA', 'HTTPS', 'SVCB', 'UNKNOWN_65', 'UNKNOWN_64'].includes(String(type));
}

function decodeQuery(bytes: Buffer): Packet | undefined {
  try {
    const packet = decode(bytes);
    return packet.type === 'query' ? packet : undefined;
  } catch {
    return undefined;
  }
}

function reply({ id, questions }: Packet, flags: number, answers: readonly Answer[] = []): Buffer {
  return encode({ type: 'response', flags, answers: [...answers], ...(id && { id }), ...(questions && { questions }) });
}

/** Addresses of the family that was asked for; none of them is an answer too (NODATA). */
function addressAnswers({ name, type }: Question, addresses: readonly string[]): Answer[] {
  return addresses
    .filter((address) => (type === 'A' && !isIPv6(address)) || (type === 'AAAA' && isIPv6(address)))
    .map((data) => ({ type: isIPv6(data) ? 'AAAA' : 'A', name, ttl: ttlSeconds, data }));
}
