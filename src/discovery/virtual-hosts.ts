// Which virtual hosts a stream gets: those of the RouteConfigurations it was sent. Envoy asks for none of them: its one
// VHDS request is empty, and there is none at all for a RouteConfiguration that comes later. So hosts follow their
// RouteConfiguration unasked, and where there are none a removal of `ROUTE/none` says so; without it Envoy holds the
// listener back until a time-out. After an RDS unsubscribe Envoy has forgotten them.
// Invariant: a route in `due` is sent all of its hosts, one in `served` only changes.
import { type Plan, planContent, planTrial } from './plan.ts';
import { sending } from './refusals.ts';
import type { Subscription } from './subscription.ts';
import type { TrackedView } from './tracked-view.ts';
import { type Resource, typeUrls, type View } from './view.ts';

export interface RouteHosts {
  /** Routes this stream was sent, or held when it connected; true if their hosts were sent with them. */
  readonly served: Map<string, boolean>;
  /** Routes whose hosts must be sent, all of them. */
  readonly due: Set<string>;
  /** Held when the proxy connected; its VHDS request will tell which hosts it has. */
  readonly resumed: Set<string>;
}

export function createRouteHosts(): RouteHosts {
  return { served: new Map(), due: new Set(), resumed: new Set() };
}

/** `80` of `80/example.com`. */
export function routeOf(virtualHost: string): string {
  const slash = virtualHost.lastIndexOf('/');
  return slash < 0 ? '' : virtualHost.slice(0, slash);
}

function takesHosts(route: Resource, view: View): boolean {
  if (route.vhds !== undefined) return route.vhds;
  const prefix = `${route.name}/`;
  return view
    .resources(typeUrls.virtualHost)
    .keys()
    .some((name) => name.startsWith(prefix));
}

/** RouteConfigurations that are sent now. Answers the names of those whose hosts follow for the first time. */
export function routesSent(hosts: RouteHosts, view: View, routes: readonly Resource[]): readonly string[] {
  const fresh: string[] = [];
  for (const route of routes) {
    if (hosts.served.get(route.name) === true || hosts.due.has(route.name) || hosts.resumed.has(route.name)) continue;
    const takes = takesHosts(route, view);
    hosts.served.set(route.name, takes);
    if (!takes) continue;
    hosts.due.add(route.name);
    fresh.push(route.name);
  }
  return fresh;
}

export function routeResumed(hosts: RouteHosts, route: string): void {
  hosts.resumed.add(route);
}

/** The proxy has dropped this RouteConfiguration, or never took it, and its hosts with it. */
export function routeForgotten(hosts: RouteHosts, route: string): void {
  hosts.served.delete(route);
  hosts.due.delete(route);
  hosts.resumed.delete(route);
}

/** No VHDS request came for these: what they hold is unknown, so all is sent. */
export function resumeTimedOut(hosts: RouteHosts): void {
  for (const route of hosts.resumed) hosts.due.add(route);
  hosts.resumed.clear();
}

/** Hosts for routes due or resumed, changes, and names asked for; see planUpdates. */
export function planVirtualHosts(
  subscription: Subscription,
  hosts: RouteHosts,
  tracked: TrackedView,
  limit: number,
): Plan | undefined {
  const { held, due: asked, names, refusals } = subscription;
  const resources = tracked.view.resources(typeUrls.virtualHost);
  const log = tracked.log(typeUrls.virtualHost);
  const inTime = (name: string) => (log.changedAt(name) ?? 0) <= limit;
  const resumed = held === undefined ? [] : [...hosts.resumed];
  const whole = new Set([...hosts.due, ...resumed]);
  const changes = log
    .between(subscription.sent, limit)
    .filter((name) => !whole.has(routeOf(name)) && (hosts.served.has(routeOf(name)) || names.has(name)));
  const answers = [...asked].filter(inTime);
  const picked = [...changes, ...answers];
  if (whole.size === 0 && picked.length === 0) {
    subscription.sent = Math.max(subscription.sent, limit);
    // Those of a route that it does not have would never be answered.
    return planTrial(subscription, tracked, limit, (name) => hosts.served.has(routeOf(name)) || names.has(name));
  }

  const commit = () => {
    subscription.sent = whole.size > 0 ? limit : Math.max(subscription.sent, limit);
    for (const route of whole) hosts.served.set(route, true);
    hosts.due.clear();
    if (held !== undefined) hosts.resumed.clear();
    for (const name of answers) asked.delete(name);
    sending(refusals, picked, false);
  };
  const wholeContent = () => contentOf(hosts.due, resumed, held ?? new Map(), resources, inTime);
  if (whole.size > 0 && resumed.length === 0 && picked.length === 0) {
    const key = `routes ${[...hosts.due].join('\n')}\0${limit}`;
    return { key, content: wholeContent, upTo: limit, commit };
  }
  const updated = new Map<string, Resource>();
  const removed = new Set<string>();
  if (whole.size > 0) {
    const content = wholeContent();
    for (const resource of content.updated) updated.set(resource.name, resource);
    for (const name of content.removed) removed.add(name);
  }
  for (const name of picked) {
    const resource = resources.get(name);
    if (resource === undefined) removed.add(name);
    else updated.set(name, resource);
  }
  if (updated.size === 0 && removed.size === 0) {
    commit();
    return undefined;
  }
  return { ...planContent([...updated.values()], [...removed]), upTo: limit, commit };
}

function contentOf(
  due: ReadonlySet<string>,
  resumed: readonly string[],
  held: ReadonlyMap<string, string>,
  resources: ReadonlyMap<string, Resource>,
  inTime: (name: string) => boolean,
) {
  const updated: Resource[] = [];
  // A proxy that lost its connection before the first hosts came still waits for them.
  const empty = new Set([...due, ...resumed]);
  for (const resource of resources.values()) {
    const route = routeOf(resource.name);
    if (!(due.has(route) || resumed.includes(route)) || !inTime(resource.name)) continue;
    empty.delete(route);
    if (due.has(route) || held.get(resource.name) !== resource.version) updated.push(resource);
  }
  const gone = held.keys().filter((name) => !resources.has(name) && resumed.includes(routeOf(name)));
  const removed = new Set(gone);
  for (const route of empty) if (!removed.keys().some((name) => routeOf(name) === route)) removed.add(`${route}/none`);
  return { updated, removed: [...removed] };
}
