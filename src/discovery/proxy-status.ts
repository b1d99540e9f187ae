// What `proxies()` tells of a session, worked out when asked; nothing is counted while pushing.
import type { ProxySession } from './proxy-session.ts';
import type { ProxyStatus, RefusedResource, ResourceSyncs, SyncState, TypeStatus } from './proxy-state.ts';
import { refusalOf } from './refusals.ts';
import type { Subscription } from './subscription.ts';
import { type TypeUrl, typeUrls } from './view.ts';
import { routeOf } from './virtual-hosts.ts';

export function proxyStatus(session: ProxySession): ProxyStatus {
  const types = new Map<TypeUrl, TypeStatus>();
  for (const [type, subscription] of session.subscriptions) types.set(type, typeStatus(session, subscription));
  for (const [type, subscription] of session.own?.opened?.subscriptions ?? []) {
    const own = typeStatus(ownServed(session), subscription);
    const shared = types.get(type);
    types.set(type, shared === undefined ? own : both(shared, own));
  }
  return {
    proxy: session.identity,
    connectedAt: isoTime(session.connectedAt),
    version: session.node.version,
    types,
  };
}

/** What a subscription is answered from. */
type Served = Pick<ProxySession, 'tracked' | 'hosts'>;

function ownServed({ own, tracked, hosts }: ProxySession): Served {
  return own?.opened ?? { tracked, hosts };
}

/** From the best to what a person has to hear of first. */
const states: readonly SyncState[] = ['SYNCED', 'NOT_SENT', 'STALE', 'ERROR'];

function both(one: TypeStatus, other: TypeStatus): TypeStatus {
  const refused = [...(one.refused ?? []), ...(other.refused ?? [])];
  const sentAt = later(one.sentAt, other.sentAt);
  const ackedAt = later(one.ackedAt, other.ackedAt);
  return {
    state: states[Math.max(states.indexOf(one.state), states.indexOf(other.state))] ?? 'ERROR',
    resources: one.resources + other.resources,
    ...(sentAt === undefined ? {} : { sentAt }),
    ...(ackedAt === undefined ? {} : { ackedAt }),
    ...(refused.length === 0 ? {} : { refused }),
  };
}

function later(one: string | undefined, other: string | undefined): string | undefined {
  return one === undefined || (other !== undefined && other > one) ? other : one;
}

function typeStatus(session: Served, subscription: Subscription): TypeStatus {
  const { sentAt, ackedAt } = subscription;
  const refused = refusedNow(session, subscription);
  return {
    state: refused.length > 0 ? 'ERROR' : stateOf(subscription),
    resources: countResources(session, subscription),
    ...(sentAt === undefined ? {} : { sentAt: isoTime(sentAt) }),
    ...(ackedAt === undefined ? {} : { ackedAt: isoTime(ackedAt) }),
    ...(refused.length === 0 ? {} : { refused }),
  };
}

/** What was refused and has not changed since, as far as the proxy still asks for it. */
function refusedNow(session: Served, subscription: Subscription): readonly RefusedResource[] {
  const resources = session.tracked.view.resources(subscription.type);
  return [...subscription.refusals.refused.values()].flatMap(({ resource: { name, origins }, error, since }) => {
    const current = refusalOf(subscription.refusals, resources.get(name)) !== undefined;
    return current && asksFor(session, subscription, name) ? [{ name, origins, error, since: isoTime(since) }] : [];
  });
}

function stateOf({ refusals, outstanding, sentAt, settled, everythingDue, due }: Subscription): SyncState {
  if (outstanding !== undefined || refusals.trials.length > 0) return 'STALE';
  // A proxy that came back with everything in its newest version is sent nothing.
  const nothingSent = sentAt === undefined && (settled < 0 || everythingDue || due.size > 0);
  return nothingSent ? 'NOT_SENT' : 'SYNCED';
}

/** How far the proxy is with each resource of this type, of its view or its own. */
export function resourceSyncs(session: ProxySession, type: TypeUrl): ResourceSyncs {
  const shared = syncsOf(session, session.subscriptions.get(type));
  const { own } = session;
  if (own === undefined || type !== typeUrls.secret) return shared;
  const ownSyncs = syncsOf(ownServed(session), own.opened?.subscriptions.get(type));
  return (resource) => (own.names.has(resource.name) ? ownSyncs(resource) : shared(resource));
}

function syncsOf(session: Served, subscription: Subscription | undefined): ResourceSyncs {
  if (subscription === undefined) return () => ({ state: 'NOT_SENT' });
  const { type, refusals, outstanding, sent, due, everythingDue } = subscription;
  const log = session.tracked.log(type);
  const undecided = new Set(refusals.trials.flat());
  const unanswered = new Set(outstanding?.response.updated.map(({ name }) => name));
  return (resource) => {
    const { name } = resource;
    const error = refusalOf(refusals, resource)?.error;
    if (error !== undefined) return { state: 'ERROR', error };
    if (unanswered.has(name) || undecided.has(name)) return { state: 'STALE' };
    const unsent = everythingDue || due.has(name) || (log.changedAt(name) ?? 0) > sent;
    return { state: unsent || !asksFor(session, subscription, name) ? 'NOT_SENT' : 'SYNCED' };
  };
}

function asksFor({ hosts }: Served, { type, wildcard, names }: Subscription, name: string): boolean {
  return wildcard || names.has(name) || (type === typeUrls.virtualHost && hosts.served.has(routeOf(name)));
}

function countResources(session: Served, subscription: Subscription): number {
  const { type, wildcard, names } = subscription;
  const resources = session.tracked.view.resources(type);
  if (wildcard) return resources.size;
  let count = 0;
  if (type === typeUrls.virtualHost) {
    for (const name of resources.keys()) if (asksFor(session, subscription, name)) count += 1;
  } else for (const name of names) if (resources.has(name)) count += 1;
  return count;
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
