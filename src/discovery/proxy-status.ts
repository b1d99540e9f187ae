// What `proxies()` tells of a session, worked out when asked; nothing is counted while pushing.
import type { ProxySession } from './proxy-session.ts';
import type { ProxyStatus, RefusedResource, ResourceSyncs, SyncState, TypeStatus } from './proxy-state.ts';
import { nextTrial, refusalOf } from './refusals.ts';
import type { Subscription } from './subscription.ts';
import { type TypeUrl, typeUrls } from './view.ts';
import { routeOf } from './virtual-hosts.ts';

export function proxyStatus(session: ProxySession): ProxyStatus {
  const types = new Map<TypeUrl, TypeStatus>();
  for (const [type, subscription] of session.subscriptions) types.set(type, typeStatus(session, subscription));
  return {
    proxy: session.identity,
    connectedAt: isoTime(session.connectedAt),
    version: session.node.version,
    types,
  };
}

function typeStatus(session: ProxySession, subscription: Subscription): TypeStatus {
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
function refusedNow(session: ProxySession, subscription: Subscription): readonly RefusedResource[] {
  const resources = session.tracked.view.resources(subscription.type);
  return [...subscription.refusals.refused.values()].flatMap(({ resource: { name, origins }, error, since }) => {
    const current = refusalOf(subscription.refusals, resources.get(name)) !== undefined;
    return current && asksFor(session, subscription, name) ? [{ name, origins, error, since: isoTime(since) }] : [];
  });
}

function stateOf({ refusals, outstanding, sentAt, settled, everythingDue, due }: Subscription): SyncState {
  if (outstanding !== undefined || nextTrial(refusals) !== undefined) return 'STALE';
  // A proxy that came back with everything in its newest version is sent nothing.
  const nothingSent = sentAt === undefined && (settled < 0 || everythingDue || due.size > 0);
  return nothingSent ? 'NOT_SENT' : 'SYNCED';
}

/** How far the proxy is with each resource of its view of this type. */
export function resourceSyncs(session: ProxySession, type: TypeUrl): ResourceSyncs {
  const subscription = session.subscriptions.get(type);
  if (subscription === undefined) return () => ({ state: 'NOT_SENT' });
  const { refusals, outstanding, sent, due, everythingDue } = subscription;
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

function asksFor({ hosts }: ProxySession, { type, wildcard, names }: Subscription, name: string): boolean {
  return wildcard || names.has(name) || (type === typeUrls.virtualHost && hosts.served.has(routeOf(name)));
}

function countResources(session: ProxySession, subscription: Subscription): number {
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
