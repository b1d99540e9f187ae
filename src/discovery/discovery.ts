// The control plane's side of xDS: incremental ADS and nothing else. A proxy proves who it is by the Unix socket it
// comes through; on a plaintext loopback address it is who it says, and no key is served there.
// Invariant: nothing is sent before every source has been read, nor to a proxy whose node.id is not its identity's.
import { setTimeout as pause } from 'node:timers/promises';
import type { JsonObject } from '@bufbuild/protobuf';
import { SallyportError } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';
import type { ProxyNode } from './ads-request.ts';
import { adsHandler, adsMethod, methodRefusal } from './ads-service.ts';
import { createFlushQueue } from './flush-queue.ts';
import { type GrpcAddress, type GrpcServer, listenGrpc } from './grpc-server.ts';
import { type GrpcHandler, type GrpcStream, grpcStatus } from './grpc-stream.ts';
import { type MetricsReceiver, metricsHandler, metricsMethod } from './metrics-service.ts';
import { createOwnChannel } from './own-secrets.ts';
import { createProxySession, type ProxySession } from './proxy-session.ts';
import type { ProxyStatus, ResourceSyncs } from './proxy-state.ts';
import { proxyStatus, resourceSyncs } from './proxy-status.ts';
import { type TrackedView, trackView } from './tracked-view.ts';
import type { OwnSecrets, ProxyIdentity, TypeUrl, View, ViewProvider } from './view.ts';

export interface DiscoveryOptions {
  readonly views: ViewProvider;
  /** Differs for each start of the control plane, so that no answer is taken for one to an earlier start. */
  readonly bootId: string;
  readonly log: Logger;
  /** Takes what proxies count; absent: nobody asks. */
  readonly onMetrics?: MetricsReceiver;
  /** Milliseconds since 1970; the machine's if absent. */
  readonly clock?: () => number;
}

/** `none`: not on a plaintext address, where anyone may say that he is that proxy. */
type SecretAccess = 'none' | { readonly own: OwnSecrets | undefined };

export interface Closable {
  close(): Promise<void>;
}

export interface Discovery {
  /**
   * Serves one proxy on a Unix socket of its own; who may enter the socket's folder is that proxy, so the folder
   * (which must exist) belongs to the proxy's user alone. Throws SallyportError `SP_XDS_LISTEN`.
   */
  serveProxy(options: {
    readonly identity: ProxyIdentity;
    readonly socketPath: string;
    /** Of this proxy alone. */
    readonly ownSecrets?: OwnSecrets;
  }): Promise<Closable>;
  /**
   * Serves anyone, in plaintext and without secrets, for load tests. Throws SallyportError `SP_XDS_ADDRESS` if the
   * address is not on loopback, `SP_XDS_LISTEN` if it cannot be listened on.
   */
  servePlaintext(options: {
    /** `127.0.0.1:15010`, `[::1]:15010`; port 0 for any free one. */
    readonly address: string;
    readonly identify: (nodeId: string, metadata: JsonObject) => ProxyIdentity;
  }): Promise<Closable & { readonly port: number }>;
  /** The connected proxies; of two streams of one proxy the newer. */
  proxies(): readonly ProxyStatus[];
  /** How far this proxy is with each resource of a type; undefined if it is not connected. */
  syncs(nodeId: string, type: TypeUrl): ResourceSyncs | undefined;
  /** Called once, in a later turn, for any number of differences in `proxies()`. Returns the unsubscribe function. */
  onChange(listener: () => void): () => void;
  /** Ends all streams, spread over up to a second so that they do not come back all at once, and all sockets. */
  close(): Promise<void>;
}

/** Between the ends of two streams at close, and for all of them. */
const staggerMs = 5;
const staggerTotalMs = 1000;
/** For connections to go after their streams have ended. */
const graceMs = 500;

export function createDiscovery(options: DiscoveryOptions): Discovery {
  const { views, bootId, log, onMetrics, clock = Date.now } = options;
  const sessions = new Set<ProxySession>();
  /** Oldest first: a proxy that connects again may be here twice. */
  const sessionsOf = new Map<string, readonly ProxySession[]>();
  const trackedViews = new Map<View, TrackedView>();
  const servers = new Set<GrpcServer>();
  const listeners = new Set<() => void>();
  let announced = false;
  let closing = false;

  const queue = createFlushQueue((session, error) => {
    log.error({ err: error, proxy: session.node.id }, 'a proxy could not be served');
    session.end(grpcStatus.internal, 'the control plane failed on this stream');
  });

  function announce(): void {
    if (announced || listeners.size === 0) return;
    announced = true;
    setImmediate(() => {
      announced = false;
      for (const listener of listeners) listener();
    });
  }

  function trackedViewFor(identity: ProxyIdentity): TrackedView {
    const view = views.viewFor(identity);
    const tracked = trackedViews.get(view) ?? trackView(view, bootId, () => trackedViews.delete(view));
    trackedViews.set(view, tracked);
    return tracked;
  }

  function openSession(
    call: GrpcStream,
    identity: ProxyIdentity,
    node: ProxyNode,
    secrets: SecretAccess,
  ): ProxySession {
    const tracked = trackedViewFor(identity);
    const session = createProxySession({
      call,
      identity,
      node,
      tracked,
      secrets: secrets !== 'none',
      own: secrets === 'none' || secrets.own === undefined ? undefined : createOwnChannel(secrets.own, bootId),
      log,
      clock,
      schedule: (dirty) => queue.add(dirty),
      onChange: announce,
    });
    sessions.add(session);
    sessionsOf.set(node.id, [...(sessionsOf.get(node.id) ?? []), session]);
    log.info({ proxy: node.id, workload: identity.workload, version: node.version }, 'a proxy connected');
    announce();
    return session;
  }

  function closeSession(session: ProxySession): void {
    session.close();
    queue.remove(session);
    sessions.delete(session);
    const { id } = session.node;
    const left = (sessionsOf.get(id) ?? []).filter((other) => other !== session);
    if (left.length === 0) sessionsOf.delete(id);
    else sessionsOf.set(id, left);
    log.debug({ proxy: id }, 'a proxy disconnected');
    announce();
  }

  /** A proxy whose view is another one now connects again, says what it holds, and gets what differs. */
  const stopRegrouping = views.onRegroup?.(() => {
    for (const session of [...sessions]) {
      if (views.viewFor(session.identity) === session.tracked.view) continue;
      session.end(grpcStatus.unavailable, 'this proxy has another view now; connect again');
    }
  });

  async function serve(
    listen: string | GrpcAddress,
    secrets: SecretAccess,
    identify: (node: ProxyNode) => ProxyIdentity | undefined,
    further: readonly (readonly [string, (call: GrpcStream) => GrpcHandler])[] = [],
  ): Promise<GrpcServer> {
    const handler = adsHandler({
      ready: views.ready,
      identify,
      open: (call, identity, node) => openSession(call, identity, node, secrets),
      onClose: closeSession,
      log,
    });
    const methods = new Map([[adsMethod, handler], ...further]);
    const server = await listenGrpc({ listen, methods, refusal: methodRefusal, log });
    if (closing) {
      // Opened behind the back of close(), it would hold the process for ever.
      await server.close(0);
      throw new SallyportError('SP_STOPPING', 'the control plane stops: no proxy is served any more');
    }
    servers.add(server);
    return server;
  }

  async function closeServer(server: GrpcServer): Promise<void> {
    servers.delete(server);
    await server.close(graceMs);
  }

  return {
    async serveProxy({ identity, socketPath, ownSecrets }) {
      const identify = (node: ProxyNode) => (node.id === identity.nodeId ? identity : undefined);
      const metrics = onMetrics === undefined ? [] : [[metricsMethod, metricsHandler(identity, onMetrics)] as const];
      const server = await serve(socketPath, { own: ownSecrets }, identify, metrics);
      return { close: () => closeServer(server) };
    },
    async servePlaintext({ address, identify }) {
      const server = await serve(loopbackAddress(address), 'none', ({ id, metadata }) => identify(id, metadata));
      return { port: server.port, close: () => closeServer(server) };
    },
    proxies: () => [...sessionsOf.values()].flatMap((all) => all.slice(-1)).map(proxyStatus),
    syncs(nodeId, type) {
      const session = sessionsOf.get(nodeId)?.at(-1);
      return session === undefined ? undefined : resourceSyncs(session, type);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closing = true;
      stopRegrouping?.();
      for (const server of servers) server.stopListening();
      const pauseMs = Math.min(staggerMs, staggerTotalMs / Math.max(1, sessions.size));
      for (const session of [...sessions]) {
        session.end(grpcStatus.unavailable, 'the control plane stops');
        await pause(pauseMs);
      }
      await Promise.all([...servers].map(closeServer));
    },
  };
}

function loopbackAddress(address: string): GrpcAddress {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const digits = address.slice(colon + 1);
  const loopback = host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
  if (loopback && /^\d{1,5}$/.test(digits)) return { host, port: Number(digits) };
  const hint = 'give ADDRESS:PORT on 127.0.0.1 or [::1]; other proxies come through their own sockets';
  throw new SallyportError('SP_XDS_ADDRESS', `plaintext xDS is not served on ${address}`, { hint });
}
