// How a destination is spoken to (istio-semantics 4.2): the parts of a DestinationRule's trafficPolicy. Undefined: Istio's
// default. Durations in milliseconds.

export interface TrafficPolicy {
  readonly loadBalancer: LoadBalancer | undefined;
  readonly connectionPool: ConnectionPool | undefined;
  readonly outlierDetection: OutlierDetection | undefined;
  readonly tls: ClientTls | undefined;
}

export const emptyTrafficPolicy: TrafficPolicy = {
  loadBalancer: undefined,
  connectionPool: undefined,
  outlierDetection: undefined,
  tls: undefined,
};

export type LoadBalancer = 'LEAST_REQUEST' | 'RANDOM' | 'ROUND_ROBIN';

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
}

export interface OutlierDetection {
  readonly consecutive5xx?: number;
  readonly consecutiveGatewayErrors?: number;
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
