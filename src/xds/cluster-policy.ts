// A DestinationRule's settings in Envoy's terms (istio-semantics 4.4).

import type { LoadBalancing } from '../envoy/load-balancing.ts';
import type { UpstreamConnections } from '../envoy/upstream-connections.ts';
import type { UpstreamPolicy } from '../envoy/upstream-policy.ts';
import type { LoadBalancer } from '../mesh/load-balancer.ts';
import type { ConnectionPool, TrafficPolicy } from '../mesh/traffic-policy.ts';

export function upstreamPolicyOf(policy: TrafficPolicy): UpstreamPolicy {
  const { loadBalancer, connectionPool, outlierDetection, retryBudget } = policy;
  return {
    loadBalancing: loadBalancer === undefined ? undefined : balancingOf(loadBalancer),
    ...(connectionPool === undefined ? {} : poolOf(connectionPool)),
    retryBudget,
    outliers: outlierDetection,
  };
}

function balancingOf({ simple, consistentHash, warmup }: LoadBalancer): LoadBalancing | undefined {
  if (consistentHash !== undefined) {
    const { algorithm } = consistentHash;
    return algorithm.kind === 'maglev'
      ? { kind: 'maglev', tableSize: algorithm.tableSize }
      : { kind: 'ring-hash', minimumSize: algorithm.minimumSize };
  }
  if (simple === 'RANDOM') return { kind: 'random' };
  const slowStart =
    warmup === undefined
      ? undefined
      : { windowMs: warmup.durationMs, aggression: warmup.aggression, minimumPercent: warmup.minimumPercent };
  if (simple === 'ROUND_ROBIN') return { kind: 'round-robin', slowStart };
  return slowStart === undefined && simple !== 'LEAST_REQUEST' ? undefined : { kind: 'least-request', slowStart };
}

function poolOf(pool: ConnectionPool): UpstreamPolicy {
  const { maxConnections, http1MaxPendingRequests, http2MaxRequests, maxRetries, connectTimeoutMs, keepalive } = pool;
  const limits = [maxConnections, http1MaxPendingRequests, http2MaxRequests, maxRetries];
  return {
    limits: limits.every((limit) => limit === undefined)
      ? undefined
      : {
          maxConnections,
          maxPendingRequests: http1MaxPendingRequests,
          maxRequests: http2MaxRequests,
          maxRetries,
        },
    connectTimeoutMs,
    keepalive,
  };
}

/** Undefined where nothing differs from Envoy's own. */
export function upstreamConnectionsOf({ connectionPool }: TrafficPolicy): UpstreamConnections | undefined {
  if (connectionPool === undefined) return undefined;
  const { httpIdleTimeoutMs: idleTimeoutMs, maxConnectionDurationMs, maxRequestsPerConnection } = connectionPool;
  const { maxConcurrentStreams, http2KeepAlive } = connectionPool;
  const own = {
    idleTimeoutMs,
    maxConnectionDurationMs,
    maxRequestsPerConnection,
    maxConcurrentStreams,
    http2KeepAlive,
  };
  return Object.values(own).every((setting) => setting === undefined) ? undefined : own;
}
