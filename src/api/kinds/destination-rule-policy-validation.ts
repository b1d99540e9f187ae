// What can be wrong among the fields of a traffic policy. Follows validateTrafficPolicy of Istio's
// pkg/config/validation.
import { isIP } from 'node:net';
import { type FieldPath, problem } from '../finding.ts';
import { isWildcardHost, normalizeHost } from '../host-name.ts';
import type { Finding } from '../kind.ts';
import { deprecated, notActedOn } from '../not-acted-on.ts';
import { shorten } from '../schema-messages.ts';
import { checkLoadBalancer } from './destination-rule-load-balancer-validation.ts';
import type {
  ConnectionPoolSettings,
  OutlierDetection,
  PortTrafficPolicy,
  TrafficPolicy,
} from './destination-rule-policy.ts';
import { checkClientTls } from './destination-rule-tls-validation.ts';

export function* checkTrafficPolicy(policy: TrafficPolicy, path: FieldPath): Iterable<Finding> {
  if (Object.keys(policy).length === 0) {
    yield problem('SP0801', path, 'traffic policy must have at least one field', 'remove it, or add one');
  }
  yield* checkBlocks(policy, path);
  if (policy.tunnel !== undefined && policy.proxyProtocol !== undefined) {
    const message = 'tunnel and proxyProtocol must not be set together';
    yield problem('SP0802', path, message, 'remove one of them');
  }
  if (policy.tunnel !== undefined) yield* checkTunnel(policy.tunnel, [...path, 'tunnel']);
  yield* checkPorts(policy.portLevelSettings ?? [], [...path, 'portLevelSettings']);
}

function* checkTunnel(tunnel: NonNullable<TrafficPolicy['tunnel']>, path: FieldPath): Iterable<Finding> {
  const { protocol, targetHost } = tunnel;
  if (protocol !== undefined && protocol !== 'CONNECT' && protocol !== 'POST') {
    const message = `tunnel protocol must be "CONNECT" or "POST", not ${shorten(protocol)}`;
    yield problem('SP0813', [...path, 'protocol'], message, 'use CONNECT');
  }
  if (isIP(targetHost) === 0 && (normalizeHost(targetHost) === undefined || isWildcardHost(targetHost))) {
    const message = `tunnel target host is not valid: '${shorten(targetHost)}'`;
    yield problem('SP0813', [...path, 'targetHost'], message, 'write the name or the address of the server');
  }
}

function* checkPorts(policies: readonly PortTrafficPolicy[], path: FieldPath): Iterable<Finding> {
  const seen = new Set<number>();
  for (const [index, policy] of policies.entries()) {
    const place = [...path, index];
    const number = policy.port?.number;
    if (number === undefined) {
      const message = 'portTrafficPolicies must have port set';
      yield problem('SP0803', [...place, 'port'], message, 'write port: {number: 443}');
    } else if (seen.has(number)) {
      const message = `port ${number} has a policy already`;
      yield problem('SP0803', [...place, 'port', 'number'], message, 'remove one of them');
    } else seen.add(number);
    if (Object.keys(policy).every((field) => field === 'port')) {
      const message = 'port traffic policy must have at least one field beside port';
      yield problem('SP0801', place, message, 'remove it, or add one');
    }
    yield* checkBlocks(policy, place);
  }
}

function* checkBlocks(policy: Omit<PortTrafficPolicy, 'port'>, path: FieldPath): Iterable<Finding> {
  const { connectionPool, loadBalancer, outlierDetection, tls } = policy;
  if (connectionPool !== undefined) yield* checkConnectionPool(connectionPool, [...path, 'connectionPool']);
  if (loadBalancer !== undefined) {
    yield* checkLoadBalancer(loadBalancer, [...path, 'loadBalancer'], outlierDetection !== undefined);
  }
  if (outlierDetection !== undefined) yield* checkOutliers(outlierDetection, [...path, 'outlierDetection']);
  if (tls !== undefined) yield* checkClientTls(tls, [...path, 'tls']);
}

export function* checkConnectionPool({ tcp, http }: ConnectionPoolSettings, path: FieldPath): Iterable<Finding> {
  if (tcp === undefined && http === undefined) {
    yield problem('SP0801', path, 'connection pool must have at least one field', 'add tcp or http');
  }
  if (http?.useClientProtocol === true && http.h2UpgradePolicy === 'UPGRADE') {
    const message = 'use client protocol must not be true when H2UpgradePolicy is UPGRADE';
    yield problem('SP0802', [...path, 'http', 'useClientProtocol'], message, 'remove one of them');
  }
  const unknown = Object.keys(http?.http2KeepAlive ?? {}).filter(
    (field) => field !== 'interval' && field !== 'timeout',
  );
  for (const field of unknown) yield notActedOn(field, [...path, 'http', 'http2KeepAlive', field]);
}

function* checkOutliers(detection: OutlierDetection, path: FieldPath): Iterable<Finding> {
  const { consecutiveErrors, consecutiveLocalOriginFailures, splitExternalLocalOriginErrors } = detection;
  if (consecutiveErrors !== undefined) {
    const place = [...path, 'consecutiveErrors'];
    yield deprecated('consecutiveErrors', place, 'consecutiveGatewayErrors or consecutive5xxErrors');
  }
  if (consecutiveLocalOriginFailures && splitExternalLocalOriginErrors !== true) {
    const message =
      'outlier detection consecutive local origin failures is specified, but split external local origin errors is set to false';
    const place = [...path, 'consecutiveLocalOriginFailures'];
    yield problem('SP0802', place, message, 'set splitExternalLocalOriginErrors: true');
  }
}
