// How connections to a destination are made: structure of Istio's TrafficPolicy and of what it consists of.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import { anyDuration, duration } from '../schema-duration.ts';
import { portNumber } from '../schema-parts.ts';
import { loadBalancer } from './destination-rule-load-balancer.ts';
import { clientTlsSettings } from './destination-rule-tls.ts';

const text = z.string().exactOptional();
const flag = z.boolean().exactOptional();
const uint32 = z.int().min(0).max(4_294_967_295);

function count(what: string) {
  return z.int().min(0, `${what} must be non-negative`).max(2_147_483_647).exactOptional();
}

const tcpSettings = z.strictObject({
  maxConnections: count('max connections'),
  connectTimeout: duration.exactOptional(),
  tcpKeepalive: z
    .strictObject({
      probes: uint32.exactOptional(),
      time: duration.exactOptional(),
      interval: duration.exactOptional(),
    })
    .exactOptional(),
  maxConnectionDuration: duration.exactOptional(),
  // No time at all: never.
  idleTimeout: anyDuration.exactOptional(),
});

const httpSettings = z.strictObject({
  http1MaxPendingRequests: count('http1 max pending requests'),
  http2MaxRequests: count('http2 max requests'),
  maxRequestsPerConnection: count('max requests per connection'),
  maxRetries: count('max retries'),
  idleTimeout: duration.exactOptional(),
  h2UpgradePolicy: z.enum(['DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE']).exactOptional(),
  useClientProtocol: flag,
  maxConcurrentStreams: count('max concurrent streams'),
  // Newer than the releases whose schema is known: other fields of it are let be.
  http2KeepAlive: z
    .looseObject({ interval: duration.exactOptional(), timeout: duration.exactOptional() })
    .exactOptional(),
});

export const connectionPool = z.strictObject({
  tcp: tcpSettings.exactOptional(),
  http: httpSettings.exactOptional(),
});

const outlierDetection = z.strictObject({
  consecutiveErrors: count('consecutive errors'),
  splitExternalLocalOriginErrors: flag,
  consecutiveLocalOriginFailures: uint32.exactOptional(),
  consecutiveGatewayErrors: uint32.exactOptional(),
  consecutive5xxErrors: uint32.exactOptional(),
  interval: duration.exactOptional(),
  baseEjectionTime: duration.exactOptional(),
  maxEjectionPercent: z.int().min(0).max(100).exactOptional(),
  minHealthPercent: z.int().min(0).max(100).exactOptional(),
});

const blocks = {
  connectionPool: connectionPool.exactOptional(),
  loadBalancer: loadBalancer.exactOptional(),
  outlierDetection: outlierDetection.exactOptional(),
  tls: clientTlsSettings.exactOptional(),
};

const portTrafficPolicy = z.strictObject({
  port: z.strictObject({ number: portNumber.exactOptional() }).exactOptional(),
  ...blocks,
});

export const trafficPolicy = z.strictObject({
  ...blocks,
  portLevelSettings: z.array(portTrafficPolicy).max(4096).exactOptional(),
  tunnel: z.strictObject({ protocol: text, targetHost: z.string(), targetPort: portNumber }).exactOptional(),
  proxyProtocol: z.strictObject({ version: z.enum(['V1', 'V2']).exactOptional() }).exactOptional(),
  retryBudget: z
    .strictObject({
      percent: z.number().min(0).max(100).exactOptional(),
      minRetryConcurrency: uint32.exactOptional(),
    })
    .exactOptional(),
});

export type ConnectionPoolSettings = Immutable<z.infer<typeof connectionPool>>;
export type OutlierDetection = Immutable<z.infer<typeof outlierDetection>>;
export type PortTrafficPolicy = Immutable<z.infer<typeof portTrafficPolicy>>;
export type TrafficPolicy = Immutable<z.infer<typeof trafficPolicy>>;
