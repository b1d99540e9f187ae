// A destination's endpoints by locality, and which of them a proxy prefers (istio-semantics 4.4; core/loadbalancer).
// Shares: so much of the traffic to each locality, and none to those that are not named. Failover: the nearest first, those
// further away once the nearer ones fail, which only outlier detection finds out. Pure.

import type { LocalitySetting } from '../mesh/load-balancer.ts';
import { isInLocality, topologyOf } from '../mesh/locality.ts';
import type { TrafficPolicy } from '../mesh/traffic-policy.ts';
import type { ProxyPlace } from './proxy-place.ts';
import { type ServiceEndpoint, weightOf } from './service-endpoints.ts';

export interface LocalityGroup {
  readonly locality: string;
  readonly endpoints: readonly ServiceEndpoint[];
  /** Of the traffic of its priority, where localities have shares. */
  readonly weight: number;
  /** 0 first. */
  readonly priority: number;
}

/** In the order in which localities first appear. */
export function groupByLocality(
  endpoints: readonly ServiceEndpoint[],
  policy: TrafficPolicy,
  place: ProxyPlace | undefined,
): readonly LocalityGroup[] {
  const shares = sharesOf(policy, place);
  if (shares !== undefined)
    return shared(
      grouped(endpoints, () => 0),
      shares,
    );
  const distance = place === undefined ? undefined : distanceOf(policy, place);
  if (distance === undefined) return grouped(endpoints, () => 0);
  const ranks = [...new Set(endpoints.map(distance))].sort((a, b) => a - b);
  return grouped(endpoints, (endpoint) => ranks.indexOf(distance(endpoint)));
}

/** What the rule says of proxies that are there: weights by locality. */
export function sharesOf(
  { loadBalancer }: TrafficPolicy,
  place: ProxyPlace | undefined,
): ReadonlyMap<string, number> | undefined {
  const { enabled = true, distribute = [] } = loadBalancer?.locality ?? {};
  if (!enabled || place === undefined || place.locality === '') return undefined;
  return distribute.find(({ from }) => isInLocality(place.locality, from))?.to;
}

type Distance = (endpoint: ServiceEndpoint) => number;

/** Istio: localities are compared wherever failing endpoints are left out, unless a rule says otherwise. */
function distanceOf({ loadBalancer, outlierDetection }: TrafficPolicy, place: ProxyPlace): Distance | undefined {
  const setting = loadBalancer?.locality;
  if (outlierDetection === undefined || setting?.enabled === false) return undefined;
  if (setting !== undefined && setting.distribute.length > 0) return undefined;
  if (setting !== undefined && setting.failoverPriority.length > 0) return byLabels(setting.failoverPriority, place);
  return place.locality === '' ? undefined : byRegion(place.locality, setting?.failover ?? new Map());
}

function byRegion(own: string, failover: LocalitySetting['failover']): Distance {
  const [region = '', zone, subzone] = own.split('/');
  const next = failover.get(region);
  return ({ locality }) => {
    const [otherRegion = '', otherZone, otherSubzone] = locality.split('/');
    if (otherRegion !== region) return next === undefined || next === otherRegion ? 3 : 4;
    if ((otherZone ?? '') !== (zone ?? '')) return 2;
    return (otherSubzone ?? '') === (subzone ?? '') ? 0 : 1;
  };
}

/** By how many of the labels agree, in their order. */
function byLabels(labels: readonly string[], place: ProxyPlace): Distance {
  const wanted = labels.map((text) => {
    const equals = text.indexOf('=');
    if (equals >= 0) return { key: text.slice(0, equals), value: text.slice(equals + 1) };
    return { key: text, value: topologyOf(place.locality, text) || place.label(text) };
  });
  return ({ locality, labels: own }) => {
    const said = new Map(Object.entries(own));
    const differs = wanted.findIndex(({ key, value }) => (topologyOf(locality, key) || said.get(key)) !== value);
    return differs < 0 ? 0 : labels.length - differs;
  };
}

function grouped(endpoints: readonly ServiceEndpoint[], priorityOf: Distance): readonly LocalityGroup[] {
  const groups = Map.groupBy(endpoints, (endpoint) => `${priorityOf(endpoint)} ${endpoint.locality}`);
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const weight = members.reduce((sum, endpoint) => sum + weightOf(endpoint), 0);
    return [{ locality: first.locality, endpoints: members, weight, priority: priorityOf(first) }];
  });
}

/** Of one percent, so that localities that share it need not be rounded to nothing. */
const precision = 10_000;

/** Each locality by the narrowest entry that covers it; localities of one entry share by their weights. */
function shared(groups: readonly LocalityGroup[], shares: ReadonlyMap<string, number>): readonly LocalityGroup[] {
  const narrowestFirst = [...shares.keys()].sort((a, b) => narrowness(b) - narrowness(a));
  const byEntry = Map.groupBy(groups, ({ locality }) =>
    narrowestFirst.find((pattern) => isInLocality(locality, pattern)),
  );
  return groups.flatMap((group) => {
    const entry = narrowestFirst.find((pattern) => isInLocality(group.locality, pattern));
    const share = entry === undefined ? 0 : (shares.get(entry) ?? 0);
    if (share === 0) return [];
    const total = (byEntry.get(entry) ?? []).reduce((sum, { weight }) => sum + weight, 0);
    return [{ ...group, weight: Math.max(1, Math.round((share * precision * group.weight) / total)) }];
  });
}

function narrowness(pattern: string): number {
  return pattern.split('/').filter((part) => part !== '*').length;
}
