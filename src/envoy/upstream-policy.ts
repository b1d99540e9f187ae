// How a cluster's endpoints are chosen, and how many connections and requests it may have: Envoy's terms for the
// settings of a destination. What is not set stays as clusters have it (cluster.ts): circuit breakers wide open, least
// request. Envoy: config.cluster.v3.Cluster. The HTTP part of it stands in upstream-connections.ts.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ClusterSchema } from './gen/envoy/config/cluster/v3/cluster_pb.js';
import type { OutlierDetectionSchema } from './gen/envoy/config/cluster/v3/outlier_detection_pb.js';
import { buildLoadBalancing, type LoadBalancing } from './load-balancing.ts';
import { seconds } from './values.ts';

export interface UpstreamPolicy {
  readonly loadBalancing?: LoadBalancing | undefined;
  /** Localities of one priority get their shares, whoever is nearest. */
  readonly weighsLocalities?: boolean;
  readonly limits?: ConnectionLimits | undefined;
  /** In place of `limits.maxRetries`. */
  readonly retryBudget?: RetryBudget | undefined;
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

/** How many retries there may be for those requests that are under way. Undefined: Envoy's 20 % and 3. */
export interface RetryBudget {
  readonly percent?: number | undefined;
  /** That many in any case. */
  readonly minRetryConcurrency?: number | undefined;
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
  /** Connections that fail are judged by themselves, and are no errors of the server. */
  readonly splitLocalOrigin?: boolean | undefined;
  readonly consecutiveLocalOrigin?: number | undefined;
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
  | 'lbConfig'
  | 'lbPolicy'
  | 'outlierDetection'
  | 'upstreamConnectionOptions'
>;

/** Fields to lay over a cluster that was built. */
export function buildUpstreamPolicy(policy: UpstreamPolicy): ClusterPart {
  const {
    loadBalancing,
    weighsLocalities = false,
    limits,
    retryBudget,
    connectTimeoutMs,
    keepalive,
    outliers,
  } = policy;
  const limited = limits !== undefined || retryBudget !== undefined;
  return {
    ...(loadBalancing === undefined ? {} : buildLoadBalancing(loadBalancing)),
    ...(limited ? { circuitBreakers: { thresholds: [thresholdOf(limits ?? {}, retryBudget)] } } : {}),
    ...(connectTimeoutMs === undefined ? {} : { connectTimeout: seconds(connectTimeoutMs / 1000) }),
    ...(keepalive === undefined ? {} : { upstreamConnectionOptions: { tcpKeepalive: keepaliveOf(keepalive) } }),
    ...(outliers === undefined ? {} : { outlierDetection: outlierDetectionOf(outliers) }),
    ...(outliers === undefined && !weighsLocalities ? {} : { commonLbConfig: commonLbOf(outliers, weighsLocalities) }),
  };
}

function commonLbOf(outliers: OutlierPolicy | undefined, weighsLocalities: boolean) {
  return {
    ...(outliers === undefined ? {} : { healthyPanicThreshold: { value: outliers.minHealthPercent ?? 0 } }),
    ...(weighsLocalities ? { localityConfigSpecifier: { case: 'localityWeightedLbConfig', value: {} } as const } : {}),
  };
}

const unlimited = 0xffffffff;

function thresholdOf(limits: ConnectionLimits, retryBudget: RetryBudget | undefined) {
  const { maxConnections, maxPendingRequests, maxRequests, maxRetries } = limits;
  return {
    maxConnections: maxConnections ?? unlimited,
    maxPendingRequests: maxPendingRequests ?? unlimited,
    maxRequests: maxRequests ?? unlimited,
    maxRetries: maxRetries ?? unlimited,
    ...(retryBudget === undefined ? {} : { retryBudget: budgetOf(retryBudget) }),
  };
}

function budgetOf({ percent, minRetryConcurrency }: RetryBudget) {
  return {
    ...(percent === undefined ? {} : { budgetPercent: { value: percent } }),
    ...(minRetryConcurrency === undefined ? {} : { minRetryConcurrency }),
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
  const { consecutive5xx, consecutiveGatewayErrors, consecutiveLocalOrigin } = outliers;
  const { intervalMs, baseEjectionMs, maxEjectionPercent } = outliers;
  return {
    ...(consecutive5xx === undefined ? {} : { consecutive5xx, enforcingConsecutive5xx: enforcing(consecutive5xx) }),
    ...(consecutiveGatewayErrors === undefined
      ? {}
      : {
          consecutiveGatewayFailure: consecutiveGatewayErrors,
          enforcingConsecutiveGatewayFailure: enforcing(consecutiveGatewayErrors),
        }),
    ...(outliers.splitLocalOrigin === true
      ? { splitExternalLocalOriginErrors: true, enforcingLocalOriginSuccessRate: 0 }
      : {}),
    ...(consecutiveLocalOrigin === undefined
      ? {}
      : {
          consecutiveLocalOriginFailure: consecutiveLocalOrigin,
          enforcingConsecutiveLocalOriginFailure: enforcing(consecutiveLocalOrigin),
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
