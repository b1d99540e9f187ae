// DNS for pods: one address for each, by which it is known who asks. Names of the mesh and of `--resolve` are answered at
// once, the rest is passed on to the host's resolvers. A query never ends the server.

import { isIPv6 } from 'node:net';
import { type Answer, decode, encode, type Packet, type Question } from 'dns-packet';
import type { KeeperConfig } from '../protocol.ts';
import { createHostsFile, type HostsFile } from './hosts-file.ts';
import { type DnsListener, listenDns } from './listener.ts';
import { createLocalNames, type DnsClient } from './local-names.ts';
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
  /** UDP and TCP on the same port; 0 takes a free one. Resolves to the port. */
  listen(address: string, port: number, client: DnsClient): Promise<number>;
  /** Stops listening on that address. */
  unlisten(address: string): Promise<void>;
  /** Replaces records and rules; the next query sees them. */
  setConfig(config: KeeperConfig): void;
  close(): Promise<void>;
}

const ttlSeconds = 5;
/** Authoritative, recursion desired and available. */
const ownFlags = 0x0580;
const passedFlags = 0x0180;
const serverFailure = 2;
const noSuchName = 3;

export function createDnsServer(options: DnsServerOptions): DnsServer {
  const { cidr, hosts = createHostsFile() } = options;
  const upstream = createUpstream(options.upstream);
  const listeners = new Map<string, DnsListener>();
  let names = createLocalNames({ records: [], resolve: [] }, cidr, hosts);

  /** Undefined for what is no query. */
  async function answer(query: Buffer, client: DnsClient): Promise<Buffer | undefined> {
    const packet = decodeQuery(query);
    const question = packet?.questions?.[0];
    if (packet === undefined || question === undefined) return undefined;
    const local = names.lookup(question.name.toLowerCase().replace(/\.$/, ''), client);
    if (local === 'nonexistent') return reply(packet, ownFlags | noSuchName);
    if (local !== undefined) return reply(packet, ownFlags, addressAnswers(question, local));
    return (await upstream.ask(query)) ?? reply(packet, passedFlags | serverFailure);
  }

  async function unlisten(address: string): Promise<void> {
    const listener = listeners.get(address);
    listeners.delete(address);
    await listener?.close();
  }

  return {
    async listen(address, port, client) {
      const listener = await listenDns(address, port, (query) => answer(query, client).catch(() => undefined));
      listeners.set(address, listener);
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

function decodeQuery(bytes: Buffer): Packet | undefined {
  try {
    const packet = decode(bytes);
    return packet.type === 'query' ? packet : undefined;
  } catch {
    return undefined;
  }
}

function reply({ id, questions }: Packet, flags: number, answers: Answer[] = []): Buffer {
  return encode({ type: 'response', flags, answers, ...(id && { id }), ...(questions && { questions }) });
}

/** Addresses of the family that was asked for; none of them is an answer too (NODATA). */
function addressAnswers({ name, type }: Question, addresses: readonly string[]): Answer[] {
  return addresses
    .filter((address) => (type === 'A' && !isIPv6(address)) || (type === 'AAAA' && isIPv6(address)))
    .map((data) => ({ type: isIPv6(data) ? 'AAAA' : 'A', name, ttl: ttlSeconds, data }));
}
