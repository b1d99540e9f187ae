// A DestinationRule's settings in Envoy's terms (istio-semantics 4.4).
import type { UpstreamConnections } from '../envoy/upstream-connections.ts';
import type { UpstreamPolicy } from '../envoy/upstream-policy.ts';
import type { ConnectionPool, LoadBalancer, TrafficPolicy } from '../mesh/traffic-policy.ts';

const loadBalancing = {
  LEAST_REQUEST: 'least-request',
  ROUND_ROBIN: 'round-robin',
  RANDOM: 'random',
} as const satisfies Record<LoadBalancer, UpstreamPolicy['loadBalancing']>;

export function upstreamPolicyOf({ loadBalancer, connectionPool, outlierDetection }: TrafficPolicy): UpstreamPolicy {
  return {
    loadBalancing: loadBalancer === undefined ? undefined : loadBalancing[loadBalancer],
    ...(connectionPool === undefined ? {} : poolOf(connectionPool)),
    outliers: outlierDetection,
  };
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
  const { httpIdleTimeoutMs, maxConnectionDurationMs, maxRequestsPerConnection, maxConcurrentStreams } = connectionPool;
  const own = [httpIdleTimeoutMs, maxConnectionDurationMs, maxRequestsPerConnection, maxConcurrentStreams];
  if (own.every((setting) => setting === undefined)) return undefined;
  return { idleTimeoutMs: httpIdleTimeoutMs, maxConnectionDurationMs, maxRequestsPerConnection, maxConcurrentStreams };
}
