// The load balancers of a mesh without namespaces: this process listens on an address of the mesh's block for each and
// passes every connection on to the next target. Invariant: a port without targets is not listened on, so that the kernel
// refuses connections; connections that are open stay, whatever becomes of the targets.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { SallyportError, systemCode } from '../../platform/errors.ts';
import type { LoadBalancerPort, LoadBalancerStatus } from '../protocol.ts';
import { relay } from './relay.ts';

export interface PlacedLoadBalancer {
  readonly address: string;
  readonly ports: readonly LoadBalancerPort[];
}

export interface LoopbackLoadBalancers {
  /** Makes it exactly these. Not to be called again before it is done. */
  set(all: readonly PlacedLoadBalancer[]): Promise<readonly LoadBalancerStatus[]>;
  /** Ends connections too. */
  close(): void;
}

/** A port of a load balancer, open as long as it has targets. */
interface Served {
  readonly servedAt: number;
  server: Server | undefined;
  targets: LoadBalancerPort['targets'];
  next: number;
}

/** Istio's way with ports that a gateway may not open. */
const unprivilegedOffset = 10_000;
const highestPort = 65_535;
/** Not this user's to open, or held by a program of the host that listens on all addresses. */
const unavailable: ReadonlySet<string> = new Set(['EACCES', 'EADDRINUSE']);

export function createLoopbackLoadBalancers(): LoopbackLoadBalancers {
  const served = new Map<string, Served>();
  const sockets = new Set<Socket>();

  function take(client: Socket, entry: Served): void {
    const target = entry.targets[entry.next++ % entry.targets.length];
    if (target === undefined) {
      client.resetAndDestroy();
      return;
    }
    for (const socket of [client, relay(client, target)]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
  }

  async function listen(address: string, port: number): Promise<Server> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(port, address);
    await once(server, 'listening');
    return server;
  }

  /** Where the port can be served, found out by doing it. */
  async function open(address: string, port: number): Promise<{ readonly server: Server; readonly servedAt: number }> {
    for (const candidate of [port, port + unprivilegedOffset]) {
      if (candidate > highestPort) break;
      try {
        return { server: await listen(address, candidate), servedAt: candidate };
      } catch (error) {
        if (!unavailable.has(systemCode(error) ?? '')) throw error;
      }
    }
    const hint = `end the program that listens on port ${port + unprivilegedOffset}`;
    throw new SallyportError('SP_PORT_TAKEN', `port ${port} of a load balancer cannot be served on ${address}`, {
      hint,
    });
  }

  async function serve(address: string, { port, targets }: LoadBalancerPort): Promise<Served> {
    const key = `${address}:${port}`;
    let entry = served.get(key);
    if (entry === undefined) {
      const { server, servedAt } = await open(address, port);
      entry = { server, servedAt, targets, next: 0 };
      served.set(key, entry);
      accept(server, entry);
    }
    entry.targets = targets;
    if (targets.length === 0) stop(entry);
    else if (entry.server === undefined) {
      entry.server = await listen(address, entry.servedAt);
      accept(entry.server, entry);
    }
    return entry;
  }

  function accept(server: Server, entry: Served): void {
    server.on('connection', (client) => take(client, entry));
  }

  function stop(entry: Served): void {
    entry.server?.close();
    entry.server = undefined;
  }

  return {
    async set(all) {
      const wanted = new Set(all.flatMap(({ address, ports }) => ports.map(({ port }) => `${address}:${port}`)));
      for (const [key, entry] of served) {
        if (wanted.has(key)) continue;
        stop(entry);
        served.delete(key);
      }
      const statuses: LoadBalancerStatus[] = [];
      for (const { address, ports } of all) {
        const mappedPorts: { readonly port: number; readonly servedAt: number }[] = [];
        for (const port of ports) {
          const { servedAt } = await serve(address, port);
          if (servedAt !== port.port) mappedPorts.push({ port: port.port, servedAt });
        }
        statuses.push({ address, mappedPorts });
      }
      return statuses;
    },
    close() {
      for (const entry of served.values()) stop(entry);
      for (const socket of sockets) socket.destroy();
    },
  };
}
