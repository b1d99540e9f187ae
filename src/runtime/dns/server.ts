// DNS for pods: one address for each, by which it is known who asks. Names of the mesh and of `--resolve` are answered at
// once, the rest is passed on to the host's resolvers. Bad packets are dropped; a query never ends the server.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6, type Server } from 'node:net';
import { type Answer, decode, encode, type Packet, type Question } from 'dns-packet';
import { SallyportError } from '../../platform/errors.ts';
import type { KeeperConfig } from '../protocol.ts';
import { createHostsFile } from './hosts-file.ts';
import { createLocalNames, type DnsClient } from './local-names.ts';
import { createUpstream, type Nameserver, withLength } from './upstream.ts';

export type { DnsClient } from './local-names.ts';

export interface DnsServerOptions {
  /** The mesh's /16, for stand-in addresses (network/port-routes.ts). */
  readonly cidr: string;
  /** Nameservers to ask instead of the host's. */
  readonly upstream?: readonly Nameserver[];
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
const idleTcpMs = 5000;
const flagAuthoritative = 0x0400;
const flagRecursion = 0x0180;
const serverFailure = 2;

export function createDnsServer({ cidr, upstream: nameservers }: DnsServerOptions): DnsServer {
  const hosts = createHostsFile();
  const upstream = createUpstream(nameservers);
  const listeners = new Map<string, { readonly udp: Socket; readonly tcp: Server }>();
  let names = createLocalNames({ records: [], resolve: [] }, cidr, hosts);

  /** Undefined for what is no query. */
  async function answer(query: Buffer, client: DnsClient): Promise<Buffer | undefined> {
    const packet = decodeQuery(query);
    const question = packet?.questions?.[0];
    if (packet === undefined || question === undefined) return undefined;
    const local = names.lookup(question.name.toLowerCase().replace(/\.$/, ''), client);
    if (local !== undefined) return encode(reply(packet, flagAuthoritative, addressAnswers(question, local)));
    const passed = await upstream.ask(query);
    return passed ?? encode(reply(packet, serverFailure, []));
  }

  async function unlisten(address: string): Promise<void> {
    const listening = listeners.get(address);
    if (listening === undefined) return;
    listeners.delete(address);
    listening.udp.close();
    listening.tcp.close();
    await Promise.all([once(listening.udp, 'close'), once(listening.tcp, 'close')]);
  }

  return {
    async listen(address, port, client) {
      const tcp = serveTcp((query) => answer(query, client));
      tcp.listen(port, address);
      await listening(tcp, address, port);
      const bound = tcp.address();
      const taken = typeof bound === 'object' && bound !== null ? bound.port : port;
      const udp = serveUdp(address, (query) => answer(query, client));
      udp.bind(taken, address);
      try {
        await listening(udp, address, taken);
      } catch (error) {
        tcp.close();
        throw error;
      }
      listeners.set(address, { udp, tcp });
      return taken;
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

type Respond = (query: Buffer) => Promise<Buffer | undefined>;

function serveUdp(address: string, respond: Respond): Socket {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  socket.on('message', (query, from) => {
    void respond(query).then((bytes) => {
      // The asker may be gone; nothing is owed to it then.
      if (bytes !== undefined) socket.send(bytes, from.port, from.address, () => undefined);
    });
  });
  return socket;
}

function serveTcp(respond: Respond): Server {
  const server = createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.setTimeout(idleTcpMs, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const query = received.subarray(2, end);
        received = received.subarray(end);
        void respond(query).then((bytes) => {
          if (bytes === undefined) socket.destroy();
          else if (!socket.destroyed) socket.write(withLength(bytes));
        });
      }
    });
  });
  server.maxConnections = 64;
  return server;
}

async function listening(server: Socket | Server, address: string, port: number): Promise<void> {
  try {
    await once(server, 'listening');
    server.on('error', () => undefined);
  } catch (cause) {
    const hint = 'end the process that has the port';
    throw new SallyportError('SP_DNS_PORT', `DNS cannot listen on ${address} port ${port}`, { hint, cause });
  }
}

function decodeQuery(bytes: Buffer): Packet | undefined {
  try {
    const packet = decode(bytes);
    return packet.type === 'query' ? packet : undefined;
  } catch {
    return undefined;
  }
}

function reply({ id, questions }: Packet, flags: number, answers: Answer[]): Packet {
  return {
    type: 'response',
    flags: flagRecursion | flags,
    answers,
    ...(id && { id }),
    ...(questions && { questions }),
  };
}

/** Addresses of the family that was asked for; none of them is an answer too (NODATA). */
function addressAnswers({ name, type }: Question, addresses: readonly string[]): Answer[] {
  return addresses
    .filter((address) => (type === 'A' && !isIPv6(address)) || (type === 'AAAA' && isIPv6(address)))
    .map((data) => ({ type: isIPv6(data) ? 'AAAA' : 'A', name, ttl: ttlSeconds, data }));
}
