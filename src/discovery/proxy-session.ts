// One proxy on its stream, from the first message on: its requests change its subscriptions, its answers let the next
// response go, a change of its view makes it dirty. Nothing is queued: what is to be sent is worked out from the state
// when it can be sent.
import type { Logger } from '../platform/log.ts';
import type { AdsRequest, ProxyNode } from './ads-request.ts';
import { type GrpcStream, grpcStatus } from './grpc-stream.ts';
import type { OwnChannel } from './own-secrets.ts';
import type { Plan } from './plan.ts';
import { push } from './push.ts';
import {
  changeSubscription,
  createSubscription,
  type Outstanding,
  type Subscription,
  subscribeAll,
  takeAnswer,
} from './subscription.ts';
import type { TrackedView } from './tracked-view.ts';
import { type ProxyIdentity, type TypeUrl, typeUrls } from './view.ts';
import {
  createRouteHosts,
  type RouteHosts,
  resumeTimedOut,
  routeForgotten,
  routeOf,
  routeResumed,
  routesSent,
} from './virtual-hosts.ts';

export interface SessionOptions {
  readonly call: GrpcStream;
  readonly identity: ProxyIdentity;
  readonly node: ProxyNode;
  readonly tracked: TrackedView;
  /** Whether keys may be sent: not on a plaintext address. */
  readonly secrets: boolean;
  /** What it alone is served. */
  readonly own: OwnChannel | undefined;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Asks for `flush` to be called soon, once for any number of calls. */
  readonly schedule: (session: ProxySession) => void;
  /** Something that `proxies()` shows is different. */
  readonly onChange: () => void;
}

export interface ProxySession {
  readonly identity: ProxyIdentity;
  readonly node: ProxyNode;
  readonly connectedAt: number;
  readonly tracked: TrackedView;
  readonly subscriptions: ReadonlyMap<TypeUrl, Subscription>;
  readonly hosts: RouteHosts;
  readonly own: OwnChannel | undefined;
  request(request: AdsRequest): void;
  drained(): void;
  /** Sends what can be sent. */
  flush(): void;
  end(status: (typeof grpcStatus)[keyof typeof grpcStatus], message: string): void;
  /** Forgets everything; the stream is gone. */
  close(): void;
}

/** A proxy that holds resources says which in its first requests, one per type; within this time they are all there. */
const resumeMs = 500;
/** A client that does not read for so long is cut off. */
const stallMs = 30_000;
/** All names a stream may ask for. */
const nameCountLimit = 200_000;

export function createProxySession(options: SessionOptions): ProxySession {
  const { call, identity, node, tracked, secrets, own, log, clock, schedule, onChange } = options;
  const subscriptions = new Map<TypeUrl, Subscription>();
  const freshRoutes = new WeakMap<Outstanding, readonly string[]>();
  const hosts = createRouteHosts();
  let blocked: NodeJS.Timeout | undefined;
  let resuming: NodeJS.Timeout | undefined;

  function resume(): void {
    resuming ??= setTimeout(() => {
      resuming = undefined;
      if (subscriptions.get(typeUrls.virtualHost)?.asked !== true) resumeTimedOut(hosts);
      dropCompared();
      schedule(session);
    }, resumeMs);
  }

  /** What it held is of use until it has been compared, and that may have to wait for clusters, however long they take. */
  function dropCompared(): void {
    if (resuming !== undefined) return;
    for (const subscription of subscriptions.values()) {
      const waits =
        subscription.everythingDue || (subscription.type === typeUrls.virtualHost && hosts.resumed.size > 0);
      if (!waits) subscription.held = undefined;
    }
  }

  function change(subscription: Subscription, request: AdsRequest): void {
    const { type } = subscription;
    const first = !subscription.asked;
    subscription.asked = true;
    if (first && request.initialVersions.size > 0) resume();
    // Kept while resuming, even if empty: it says that this is all the proxy holds.
    if (first && (request.initialVersions.size > 0 || type === typeUrls.virtualHost)) {
      subscription.held = request.initialVersions;
    }
    // Its hosts were all sent by then; of those that it has beside them none is there any more.
    if (first && type === typeUrls.virtualHost && hosts.resumed.size === 0) askAbout(subscription, request);
    const legacyWildcard = type === typeUrls.cluster || type === typeUrls.listener;
    if (first && legacyWildcard && request.subscribe.length === 0) subscribeAll(subscription);
    if (type === typeUrls.route) changeRoutes(subscription, request);
    changeSubscription(subscription, tracked.view, request);
    const wholeTypePending = subscription.everythingDue || type === typeUrls.virtualHost;
    if (!wholeTypePending) subscription.held = undefined;
  }

  /** Held by a route that was served before the proxy told of it. */
  function askAbout({ due }: Subscription, { initialVersions }: AdsRequest): void {
    const known = tracked.view.resources(typeUrls.virtualHost);
    for (const name of initialVersions.keys()) {
      if (!known.has(name) && hosts.served.get(routeOf(name)) === true) due.add(name);
    }
  }

  function changeRoutes({ held }: Subscription, { subscribe, unsubscribe }: AdsRequest): void {
    for (const name of [...unsubscribe, ...subscribe]) routeForgotten(hosts, name);
    for (const name of subscribe) if (held?.has(name) === true) routeResumed(hosts, name);
    dropUnheardHosts();
  }

  /** Without a RouteConfiguration Envoy ignores virtual hosts and does not answer them. */
  function dropUnheardHosts(): void {
    const virtualHosts = subscriptions.get(typeUrls.virtualHost);
    const served = hosts.served.values().some((withHosts) => withHosts);
    if (virtualHosts !== undefined && !served && hosts.resumed.size === 0) virtualHosts.outstanding = undefined;
  }

  function answer(subscription: Subscription, { nonce, error }: AdsRequest): void {
    const answered = takeAnswer(subscription, nonce, error, clock());
    if (answered === undefined) return;
    onChange();
    if (error === undefined) return;
    for (const route of freshRoutes.get(answered) ?? []) routeForgotten(hosts, route);
    if (subscription.type === typeUrls.route) dropUnheardHosts();
    const refused = [...subscription.refusals.refused.keys()].slice(0, 10);
    log.warn({ proxy: node.id, type: subscription.type, error, refused }, 'a proxy refused an update');
  }

  /** Answers what is left of the request for the secrets that are shared. */
  function takeOwn(channel: OwnChannel, asked: AdsRequest): AdsRequest | undefined {
    const { mine, others } = channel.split(asked);
    if (mine !== undefined) {
      const subscription = channel.open(() => schedule(session));
      if (mine.nonce !== '') answer(subscription, mine);
      channel.change(mine);
      schedule(session);
    }
    return others;
  }

  function send(from: TrackedView, subscription: Subscription, plan: Plan): void {
    const response = from.response(subscription.type, plan.key, plan.content);
    plan.commit();
    const outstanding = { response, upTo: plan.upTo };
    subscription.outstanding = outstanding;
    subscription.sentAt = clock();
    if (subscription.type === typeUrls.route) {
      freshRoutes.set(outstanding, routesSent(hosts, from.view, response.updated));
    }
    const { updated, removed, frame } = response;
    log.debug(
      {
        proxy: node.id,
        type: subscription.type,
        updated: updated.length,
        removed: removed.length,
        bytes: frame.length,
      },
      'pushed',
    );
    if (!call.write(frame)) blocked ??= setTimeout(() => call.abort(), stallMs);
    onChange();
  }

  /** Whether the stream ended: it is behind more changes than are remembered. */
  function isTooFarBehind(from: TrackedView, held: ReadonlyMap<TypeUrl, Subscription>): boolean {
    const behind = held.entries().some(([type, { sent, removed }]) => Math.min(sent, removed) < from.log(type).floor);
    // It says what it holds when it connects again, and only what differs is sent.
    if (behind) call.end(grpcStatus.unavailable, 'too far behind; connect again');
    return behind;
  }

  const leave = tracked.follow({
    changed: () => schedule(session),
    settledGeneration() {
      let lowest = tracked.view.generation;
      for (const { sent, settled, removed } of subscriptions.values()) {
        lowest = Math.min(lowest, sent, removed, settled < 0 ? sent : settled);
      }
      return lowest;
    },
  });

  const session: ProxySession = {
    identity,
    node,
    connectedAt: clock(),
    tracked,
    subscriptions,
    hosts,
    own,
    request(asked) {
      const { type } = asked;
      if (type === undefined || (type === typeUrls.secret && !secrets)) {
        log.debug({ proxy: node.id, type: asked.typeUrl }, 'a type that is not served was asked for');
        return;
      }
      const request = type === typeUrls.secret && own !== undefined ? takeOwn(own, asked) : asked;
      if (request === undefined) return;
      const found = subscriptions.get(type);
      const subscription = found ?? createSubscription(type, tracked.view.generation);
      subscriptions.set(type, subscription);
      if (request.nonce !== '') answer(subscription, request);
      change(subscription, request);
      let names = 0;
      for (const { names: asked } of subscriptions.values()) names += asked.size;
      if (names > nameCountLimit) {
        return call.end(grpcStatus.resourceExhausted, `more than ${nameCountLimit} resources are asked for`);
      }
      schedule(session);
    },
    drained() {
      clearTimeout(blocked);
      blocked = undefined;
      schedule(session);
    },
    flush() {
      const writable = () => blocked === undefined;
      if (isTooFarBehind(tracked, subscriptions)) return;
      push({
        tracked,
        subscriptions,
        hosts,
        resuming: resuming !== undefined,
        writable,
        send: (subscription, plan) => send(tracked, subscription, plan),
      });
      dropCompared();
      const { opened } = own ?? {};
      if (opened === undefined || isTooFarBehind(opened.tracked, opened.subscriptions)) return;
      push({
        ...opened,
        resuming: false,
        writable,
        send: (subscription, plan) => send(opened.tracked, subscription, plan),
      });
    },
    end: (status, message) => call.end(status, message),
    close() {
      clearTimeout(blocked);
      clearTimeout(resuming);
      leave();
      own?.close();
    },
  };
  return session;
}
