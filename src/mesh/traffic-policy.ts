// How a destination is spoken to (istio-semantics 4.2): the parts of a DestinationRule's trafficPolicy. Undefined: Istio's
// default. Durations in milliseconds.
import type { LoadBalancer } from './load-balancer.ts';

export interface TrafficPolicy {
  readonly loadBalancer: LoadBalancer | undefined;
  readonly connectionPool: ConnectionPool | undefined;
  readonly outlierDetection: OutlierDetection | undefined;
  readonly tls: ClientTls | undefined;
  readonly tunnel: Tunnel | undefined;
  /** Each connection begins with a line that names its ends. */
  readonly proxyProtocol: 'V1' | 'V2' | undefined;
  readonly retryBudget: RetryBudget | undefined;
}

export const emptyTrafficPolicy: TrafficPolicy = {
  loadBalancer: undefined,
  connectionPool: undefined,
  outlierDetection: undefined,
  tls: undefined,
  tunnel: undefined,
  proxyProtocol: undefined,
  retryBudget: undefined,
};

/** Connections are asked of the destination, which is a proxy, by an HTTP request. */
export interface Tunnel {
  readonly method: 'CONNECT' | 'POST';
  readonly host: string;
  readonly port: number;
}

/** Instead of a number: so many retries for those requests that are under way. Undefined: Envoy's 20 % and 3. */
export interface RetryBudget {
  readonly percent: number | undefined;
  readonly minRetryConcurrency: number | undefined;
}

export interface ConnectionPool {
  readonly maxConnections?: number;
  readonly connectTimeoutMs?: number;
  readonly keepalive?: { readonly probes?: number; readonly timeMs?: number; readonly intervalMs?: number };
  readonly maxConnectionDurationMs?: number;
  readonly tcpIdleTimeoutMs?: number;
  readonly http1MaxPendingRequests?: number;
  readonly http2MaxRequests?: number;
  readonly maxRequestsPerConnection?: number;
  readonly maxRetries?: number;
  readonly httpIdleTimeoutMs?: number;
  readonly h2Upgrade?: 'UPGRADE' | 'DO_NOT_UPGRADE';
  readonly useClientProtocol?: boolean;
  readonly maxConcurrentStreams?: number;
  readonly http2KeepAlive?: { readonly intervalMs?: number; readonly timeoutMs?: number };
}

export interface OutlierDetection {
  readonly consecutive5xx?: number;
  readonly consecutiveGatewayErrors?: number;
  /** Connections that fail are counted by themselves, not as errors of the server. */
  readonly splitLocalOrigin?: boolean;
  readonly consecutiveLocalOrigin?: number;
  readonly intervalMs?: number;
  readonly baseEjectionMs?: number;
  readonly maxEjectionPercent?: number;
  readonly minHealthPercent?: number;
}

export interface ClientTls {
  readonly mode: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL';
  /** Undefined: the destination's own name. */
  readonly sni: string | undefined;
  /** Empty: those of the ServiceEntry, else the name. */
  readonly subjectAltNames: readonly string[];
  /** Paths on the host. */
  readonly caCertificates: string | undefined;
  readonly caCrl: string | undefined;
  readonly clientCertificate: string | undefined;
  readonly privateKey: string | undefined;
  /** A Secret in the proxy's namespace. */
  readonly credentialName: string | undefined;
  readonly insecureSkipVerify: boolean;
}
