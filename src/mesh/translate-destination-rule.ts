// DestinationRule -> the mesh's form of it (istio-semantics 4). Takes a valid object.
import { parseDurationMs } from '../api/duration.ts';
import { normalizeHost } from '../api/host-name.ts';
import type {
  DestinationRule as ApiDestinationRule,
  OutlierDetection as ApiOutlierDetection,
  TrafficPolicy as ApiTrafficPolicy,
  ConnectionPoolSettings,
  LoadBalancerSettings,
  PortTrafficPolicy,
} from '../api/kinds/destination-rule.ts';
import { completeHost } from './complete-host.ts';
import type { DestinationRule, PortedPolicy } from './destination-rule.ts';
import { selectorOf } from './selector.ts';
import {
  type ConnectionPool,
  emptyTrafficPolicy,
  type LoadBalancer,
  type OutlierDetection,
  type TrafficPolicy,
} from './traffic-policy.ts';
import { visibilityOf } from './visibility.ts';

export function translateDestinationRule({ metadata, spec }: ApiDestinationRule): DestinationRule {
  const { name, namespace = 'default', creationTimestamp = '' } = metadata;
  const { host, trafficPolicy, subsets = [], exportTo, workloadSelector } = spec;
  return {
    namespace,
    name,
    createdAt: creationTimestamp,
    host: completeHost(host, namespace),
    visibility: visibilityOf(exportTo, namespace),
    workloadSelector: workloadSelector === undefined ? undefined : selectorOf(workloadSelector.matchLabels ?? {}),
    ...translatePorted(trafficPolicy),
    subsets: subsets.map((subset) => ({
      name: subset.name,
      labels: selectorOf(subset.labels ?? {}),
      ...translatePorted(subset.trafficPolicy),
    })),
  };
}

function translatePorted(policy: ApiTrafficPolicy | undefined): PortedPolicy {
  const ports = new Map<number, TrafficPolicy>();
  for (const settings of policy?.portLevelSettings ?? []) {
    const number = settings.port?.number;
    if (number !== undefined && !ports.has(number)) ports.set(number, translatePolicy(settings));
  }
  return { policy: policy === undefined ? emptyTrafficPolicy : translatePolicy(policy), ports };
}

type ApiPolicy = Pick<PortTrafficPolicy, 'loadBalancer' | 'connectionPool' | 'outlierDetection' | 'tls'>;

function translatePolicy({ loadBalancer, connectionPool, outlierDetection, tls }: ApiPolicy): TrafficPolicy {
  return {
    loadBalancer: loadBalancer === undefined ? undefined : translateLoadBalancer(loadBalancer),
    connectionPool: connectionPool === undefined ? undefined : translatePool(connectionPool),
    outlierDetection: outlierDetection === undefined ? undefined : translateOutliers(outlierDetection),
    tls:
      tls === undefined
        ? undefined
        : {
            mode: tls.mode ?? 'DISABLE',
            sni: tls.sni === undefined || tls.sni === '' ? undefined : (normalizeHost(tls.sni) ?? tls.sni),
            subjectAltNames: tls.subjectAltNames ?? [],
            caCertificates: given(tls.caCertificates),
            caCrl: given(tls.caCrl),
            clientCertificate: given(tls.clientCertificate),
            privateKey: given(tls.privateKey),
            credentialName: given(tls.credentialName),
            insecureSkipVerify: tls.insecureSkipVerify === true,
          },
  };
}

/** An empty text stands for none. */
function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function translateLoadBalancer({ simple }: LoadBalancerSettings): LoadBalancer | undefined {
  if (simple === undefined || simple === 'UNSPECIFIED' || simple === 'PASSTHROUGH') return undefined;
  return simple === 'LEAST_CONN' ? 'LEAST_REQUEST' : simple;
}

function translatePool({ tcp = {}, http = {} }: ConnectionPoolSettings): ConnectionPool {
  const { tcpKeepalive: keepalive } = tcp;
  const { h2UpgradePolicy: h2 } = http;
  return {
    ...set('maxConnections', tcp.maxConnections),
    ...set('connectTimeoutMs', milliseconds(tcp.connectTimeout)),
    ...set('maxConnectionDurationMs', milliseconds(tcp.maxConnectionDuration)),
    ...set('tcpIdleTimeoutMs', milliseconds(tcp.idleTimeout)),
    ...(keepalive === undefined
      ? {}
      : {
          keepalive: {
            ...set('probes', keepalive.probes),
            ...set('timeMs', milliseconds(keepalive.time)),
            ...set('intervalMs', milliseconds(keepalive.interval)),
          },
        }),
    ...set('http1MaxPendingRequests', limit(http.http1MaxPendingRequests)),
    ...set('http2MaxRequests', limit(http.http2MaxRequests)),
    ...set('maxRequestsPerConnection', limit(http.maxRequestsPerConnection)),
    ...set('maxRetries', limit(http.maxRetries)),
    ...set('httpIdleTimeoutMs', milliseconds(http.idleTimeout)),
    ...set('h2Upgrade', h2 === undefined || h2 === 'DEFAULT' ? undefined : h2),
    ...set('useClientProtocol', http.useClientProtocol),
    ...set('maxConcurrentStreams', limit(http.maxConcurrentStreams)),
  };
}

/** Istio reads 0 as not set. */
function limit(count: number | undefined): number | undefined {
  return count === 0 ? undefined : count;
}

function translateOutliers(detection: ApiOutlierDetection): OutlierDetection {
  return {
    ...set('consecutive5xx', detection.consecutive5xxErrors),
    ...set('consecutiveGatewayErrors', detection.consecutiveGatewayErrors),
    ...set('intervalMs', milliseconds(detection.interval)),
    ...set('baseEjectionMs', milliseconds(detection.baseEjectionTime)),
    ...set('maxEjectionPercent', limit(detection.maxEjectionPercent)),
    ...set('minHealthPercent', detection.minHealthPercent),
  };
}

function milliseconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDurationMs(text);
}

function set<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [name in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [name in Key]: Value });
}
