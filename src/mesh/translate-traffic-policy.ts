// A DestinationRule's trafficPolicy -> the mesh's form of it (istio-semantics 4.2, 4.4). Takes a valid one.
import { parseDurationMs } from '../api/duration.ts';
import { normalizeHost } from '../api/host-name.ts';
import type {
  OutlierDetection as ApiOutlierDetection,
  TrafficPolicy as ApiTrafficPolicy,
  ClientTlsSettings,
  ConnectionPoolSettings,
} from '../api/kinds/destination-rule.ts';
import type { ClientTls, ConnectionPool, OutlierDetection, TrafficPolicy, Tunnel } from './traffic-policy.ts';
import { translateLoadBalancer } from './translate-load-balancer.ts';

/** The policy of a port has fewer parts than others. */
type ApiPolicy = Omit<ApiTrafficPolicy, 'portLevelSettings'>;

export function translateTrafficPolicy(policy: ApiPolicy): TrafficPolicy {
  const { loadBalancer, connectionPool, outlierDetection, tls, tunnel, proxyProtocol, retryBudget } = policy;
  return {
    loadBalancer: loadBalancer === undefined ? undefined : translateLoadBalancer(loadBalancer),
    connectionPool: connectionPool === undefined ? undefined : translatePool(connectionPool),
    outlierDetection: outlierDetection === undefined ? undefined : translateOutliers(outlierDetection),
    tls: tls === undefined ? undefined : translateTls(tls),
    tunnel: tunnel === undefined ? undefined : translateTunnel(tunnel),
    proxyProtocol: proxyProtocol === undefined ? undefined : (proxyProtocol.version ?? 'V1'),
    retryBudget:
      retryBudget === undefined
        ? undefined
        : { percent: retryBudget.percent, minRetryConcurrency: retryBudget.minRetryConcurrency },
  };
}

function translateTls(tls: ClientTlsSettings): ClientTls {
  return {
    mode: tls.mode ?? 'DISABLE',
    sni: tls.sni === undefined || tls.sni === '' ? undefined : (normalizeHost(tls.sni) ?? tls.sni),
    subjectAltNames: tls.subjectAltNames ?? [],
    caCertificates: given(tls.caCertificates),
    caCrl: given(tls.caCrl),
    clientCertificate: given(tls.clientCertificate),
    privateKey: given(tls.privateKey),
    credentialName: given(tls.credentialName),
    insecureSkipVerify: tls.insecureSkipVerify === true,
  };
}

function translateTunnel({ protocol, targetHost, targetPort }: NonNullable<ApiTrafficPolicy['tunnel']>): Tunnel {
  return { method: protocol === 'POST' ? 'POST' : 'CONNECT', host: targetHost, port: targetPort };
}

/** An empty text stands for none. */
function given(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function translatePool({ tcp = {}, http = {} }: ConnectionPoolSettings): ConnectionPool {
  const { tcpKeepalive: keepalive } = tcp;
  const { h2UpgradePolicy: h2, http2KeepAlive: pings } = http;
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
    ...(pings?.interval === undefined
      ? {}
      : {
          http2KeepAlive: {
            ...set('intervalMs', milliseconds(pings.interval)),
            ...set('timeoutMs', milliseconds(pings.timeout)),
          },
        }),
  };
}

/** Istio reads 0 as not set. */
function limit(count: number | undefined): number | undefined {
  return count === 0 ? undefined : count;
}

function translateOutliers(detection: ApiOutlierDetection): OutlierDetection {
  const { consecutiveErrors: both } = detection;
  // Istio: `consecutiveErrors` has had no effect since the other two came; here: what it meant then.
  const old = both === undefined || both === 0 ? {} : { consecutive5xx: 0, consecutiveGatewayErrors: both };
  return {
    ...old,
    ...set('consecutive5xx', detection.consecutive5xxErrors),
    ...set('consecutiveGatewayErrors', detection.consecutiveGatewayErrors),
    ...set('splitLocalOrigin', detection.splitExternalLocalOriginErrors),
    ...set('consecutiveLocalOrigin', limit(detection.consecutiveLocalOriginFailures)),
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
