// How a cluster's endpoints are chosen, and how many connections and requests it may have: Envoy's terms for the
// settings of a destination. What is not set stays as clusters have it (cluster.ts): circuit breakers wide open, least
// request. Envoy: config.cluster.v3.Cluster. The HTTP part of it stands in upstream-connections.ts.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Cluster_LbPolicy, type ClusterSchema } from './gen/envoy/config/cluster/v3/cluster_pb.js';
import type { OutlierDetectionSchema } from './gen/envoy/config/cluster/v3/outlier_detection_pb.js';
import { seconds } from './values.ts';

export interface UpstreamPolicy {
  readonly loadBalancing?: 'least-request' | 'round-robin' | 'random' | undefined;
  readonly limits?: ConnectionLimits | undefined;
  readonly connectTimeoutMs?: number | undefined;
  readonly keepalive?: TcpKeepalive | undefined;
  readonly outliers?: OutlierPolicy | undefined;
}

/** Undefined: no limit. */
export interface ConnectionLimits {
  readonly maxConnections?: number | undefined;
  /** Requests that wait for a connection. */
  readonly maxPendingRequests?: number | undefined;
  readonly maxRequests?: number | undefined;
  /** At a time, over all requests of the cluster. */
  readonly maxRetries?: number | undefined;
}

/** Undefined: the kernel's. */
export interface TcpKeepalive {
  readonly probes?: number | undefined;
  readonly timeMs?: number | undefined;
  readonly intervalMs?: number | undefined;
}

/** Undefined: Envoy's own, five errors and ten seconds. A count of 0 turns that judgement off. */
export interface OutlierPolicy {
  readonly consecutive5xx?: number | undefined;
  /** 502, 503, 504, and connections that fail. */
  readonly consecutiveGatewayErrors?: number | undefined;
  readonly intervalMs?: number | undefined;
  readonly baseEjectionMs?: number | undefined;
  readonly maxEjectionPercent?: number | undefined;
  /** Below this share of healthy endpoints all are used again; 0: never. */
  readonly minHealthPercent?: number | undefined;
}

type ClusterPart = Pick<
  MessageInitShape<typeof ClusterSchema>,
  | 'circuitBreakers'
  | 'commonLbConfig'
  | 'connectTimeout'
  | 'lbPolicy'
  | 'outlierDetection'
  | 'upstreamConnectionOptions'
>;

/** Fields to lay over a cluster that was built. */
export function buildUpstreamPolicy(policy: UpstreamPolicy): ClusterPart {
  const { loadBalancing, limits, connectTimeoutMs, keepalive, outliers } = policy;
  return {
    ...(loadBalancing === undefined ? {} : { lbPolicy: lbPolicies[loadBalancing] }),
    ...(limits === undefined ? {} : { circuitBreakers: { thresholds: [thresholdOf(limits)] } }),
    ...(connectTimeoutMs === undefined ? {} : { connectTimeout: seconds(connectTimeoutMs / 1000) }),
    ...(keepalive === undefined ? {} : { upstreamConnectionOptions: { tcpKeepalive: keepaliveOf(keepalive) } }),
    ...(outliers === undefined ? {} : { outlierDetection: outlierDetectionOf(outliers) }),
    ...(outliers === undefined
      ? {}
      : { commonLbConfig: { healthyPanicThreshold: { value: outliers.minHealthPercent ?? 0 } } }),
  };
}

const lbPolicies = {
  'least-request': Cluster_LbPolicy.LEAST_REQUEST,
  'round-robin': Cluster_LbPolicy.ROUND_ROBIN,
  random: Cluster_LbPolicy.RANDOM,
} as const;

const unlimited = 0xffffffff;

function thresholdOf({ maxConnections, maxPendingRequests, maxRequests, maxRetries }: ConnectionLimits) {
  return {
    maxConnections: maxConnections ?? unlimited,
    maxPendingRequests: maxPendingRequests ?? unlimited,
    maxRequests: maxRequests ?? unlimited,
    maxRetries: maxRetries ?? unlimited,
  };
}

function keepaliveOf({ probes, timeMs, intervalMs }: TcpKeepalive) {
  return {
    ...(probes === undefined ? {} : { keepaliveProbes: probes }),
    ...(timeMs === undefined ? {} : { keepaliveTime: wholeSeconds(timeMs) }),
    ...(intervalMs === undefined ? {} : { keepaliveInterval: wholeSeconds(intervalMs) }),
  };
}

/** The kernel counts in seconds, and 0 is none of them. */
function wholeSeconds(ms: number): number {
  return Math.max(1, Math.round(ms / 1000));
}

function outlierDetectionOf(outliers: OutlierPolicy): MessageInitShape<typeof OutlierDetectionSchema> {
  const { consecutive5xx, consecutiveGatewayErrors, intervalMs, baseEjectionMs, maxEjectionPercent } = outliers;
  return {
    ...(consecutive5xx === undefined ? {} : { consecutive5xx, enforcingConsecutive5xx: enforcing(consecutive5xx) }),
    ...(consecutiveGatewayErrors === undefined
      ? {}
      : {
          consecutiveGatewayFailure: consecutiveGatewayErrors,
          enforcingConsecutiveGatewayFailure: enforcing(consecutiveGatewayErrors),
        }),
    ...(intervalMs === undefined ? {} : { interval: seconds(intervalMs / 1000) }),
    ...(baseEjectionMs === undefined ? {} : { baseEjectionTime: seconds(baseEjectionMs / 1000) }),
    ...(maxEjectionPercent === undefined ? {} : { maxEjectionPercent }),
    enforcingSuccessRate: 0,
  };
}

function enforcing(count: number): number {
  return count > 0 ? 100 : 0;
}
