// A traffic policy's loadBalancer -> the mesh's form of it (istio-semantics 4.4). Takes a valid one.
import { parseDurationMs } from '../api/duration.ts';
import type { LoadBalancerSettings } from '../api/kinds/destination-rule.ts';
import type { ConsistentHash, HashAlgorithm, HashKey, LoadBalancer, LocalitySetting, Warmup } from './load-balancer.ts';

export function translateLoadBalancer(settings: LoadBalancerSettings): LoadBalancer {
  const { simple, consistentHash, localityLbSetting } = settings;
  return {
    simple:
      simple === undefined || simple === 'UNSPECIFIED' ? undefined : simple === 'LEAST_CONN' ? 'LEAST_REQUEST' : simple,
    consistentHash: consistentHash === undefined ? undefined : translateHash(consistentHash),
    warmup: translateWarmup(settings),
    locality: localityLbSetting === undefined ? undefined : translateLocality(localityLbSetting),
  };
}

type ApiHash = NonNullable<LoadBalancerSettings['consistentHash']>;

/** Undefined where nothing is to be looked at: `useSourceIp: false`. */
function translateHash(hash: ApiHash): ConsistentHash | undefined {
  const key = keyOf(hash);
  return key === undefined ? undefined : { key, algorithm: algorithmOf(hash) };
}

function keyOf({ httpHeaderName, httpCookie, useSourceIp, httpQueryParameterName }: ApiHash): HashKey | undefined {
  if (httpHeaderName !== undefined) return { kind: 'header', name: httpHeaderName };
  if (httpQueryParameterName !== undefined) return { kind: 'query', name: httpQueryParameterName };
  if (useSourceIp === true) return { kind: 'source' };
  if (httpCookie === undefined) return undefined;
  const { name, path, ttl, attributes = [] } = httpCookie;
  return {
    kind: 'cookie',
    name,
    path: path === '' ? undefined : path,
    ttlMs: ttl === undefined ? undefined : parseDurationMs(ttl),
    attributes: attributes.map((attribute) => ({ name: attribute.name, value: attribute.value ?? '' })),
  };
}

/** Istio reads a size of 0 as none. */
function algorithmOf({ ringHash, maglev, minimumRingSize }: ApiHash): HashAlgorithm {
  if (maglev !== undefined) return { kind: 'maglev', tableSize: maglev.tableSize || undefined };
  return { kind: 'ring', minimumSize: ringHash?.minimumRingSize || minimumRingSize || undefined };
}

/** Istio: from a tenth of its share on, growing evenly. */
function translateWarmup({ warmup, warmupDurationSecs }: LoadBalancerSettings): Warmup | undefined {
  const duration = warmup?.duration ?? warmupDurationSecs;
  const durationMs = duration === undefined ? undefined : parseDurationMs(duration);
  if (durationMs === undefined || durationMs === 0) return undefined;
  return { durationMs, minimumPercent: warmup?.minimumPercent ?? 10, aggression: warmup?.aggression ?? 1 };
}

function translateLocality(setting: NonNullable<LoadBalancerSettings['localityLbSetting']>): LocalitySetting {
  const { enabled = true, distribute = [], failover = [], failoverPriority = [] } = setting;
  return {
    enabled,
    distribute: distribute.map(({ from = '', to = {} }) => ({ from, to: new Map(Object.entries(to)) })),
    failover: new Map(failover.map(({ from = '', to = '' }) => [from, to])),
    failoverPriority,
  };
}
