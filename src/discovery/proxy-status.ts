// What `proxies()` tells of a session, worked out when asked; nothing is counted while pushing.

import type { ProxySession } from './proxy-session.ts';
import type { ProxyStatus, SyncState, TypeStatus } from './proxy-state.ts';
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
  const { sentAt, ackedAt, refusal } = subscription;
  const suspects = new Set([...(refusal?.resources.values() ?? [])].flatMap(({ origins }) => origins));
  return {
    state: stateOf(subscription),
    resources: countResources(session, subscription),
    ...(sentAt === undefined ? {} : { sentAt: isoTime(sentAt) }),
    ...(ackedAt === undefined ? {} : { ackedAt: isoTime(ackedAt) }),
    ...(refusal === undefined ? {} : { error: refusal.error, suspects: [...suspects] }),
  };
}

function stateOf({ refusal, outstanding, sentAt, settled, everythingDue, due }: Subscription): SyncState {
  if (refusal !== undefined) return 'ERROR';
  if (outstanding !== undefined) return 'STALE';
  // A proxy that came back with everything in its newest version is sent nothing.
  const nothingSent = sentAt === undefined && (settled < 0 || everythingDue || due.size > 0);
  return nothingSent ? 'NOT_SENT' : 'SYNCED';
}

function countResources(session: ProxySession, { type, wildcard, names }: Subscription): number {
  const resources = session.tracked.view.resources(type);
  if (wildcard) return resources.size;
  let count = 0;
  if (type === typeUrls.virtualHost) {
    for (const name of resources.keys()) if (session.hosts.served.has(routeOf(name)) || names.has(name)) count += 1;
  } else for (const name of names) if (resources.has(name)) count += 1;
  return count;
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
