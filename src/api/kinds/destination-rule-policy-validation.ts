// What can be wrong among the fields of a traffic policy. Follows validateTrafficPolicy of Istio's
// pkg/config/validation.
import { type FieldPath, problem } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { deprecated, fieldsNotActedOn, notActedOn } from '../not-acted-on.ts';
import type {
  ConnectionPoolSettings,
  LoadBalancerSettings,
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
  yield* checkPorts(policy.portLevelSettings ?? [], [...path, 'portLevelSettings']);
  yield* fieldsNotActedOn(policy, path, ['tunnel', 'proxyProtocol', 'retryBudget']);
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
  if (loadBalancer !== undefined) yield* checkLoadBalancer(loadBalancer, [...path, 'loadBalancer']);
  if (outlierDetection !== undefined) yield* checkOutliers(outlierDetection, [...path, 'outlierDetection']);
  if (tls !== undefined) yield* checkClientTls(tls, [...path, 'tls']);
}

function* checkConnectionPool({ tcp, http }: ConnectionPoolSettings, path: FieldPath): Iterable<Finding> {
  if (tcp === undefined && http === undefined) {
    yield problem('SP0801', path, 'connection pool must have at least one field', 'add tcp or http');
  }
  if (http?.useClientProtocol === true && http.h2UpgradePolicy === 'UPGRADE') {
    const message = 'use client protocol must not be true when H2UpgradePolicy is UPGRADE';
    yield problem('SP0802', [...path, 'http', 'useClientProtocol'], message, 'remove one of them');
  }
  yield* fieldsNotActedOn(http, [...path, 'http'], ['http2KeepAlive']);
}

function* checkLoadBalancer(settings: LoadBalancerSettings, path: FieldPath): Iterable<Finding> {
  const { simple, consistentHash, localityLbSetting, warmup, warmupDurationSecs } = settings;
  if (simple !== undefined && consistentHash !== undefined) {
    const message = 'a load balancer cannot have both simple and consistentHash';
    yield problem('SP0802', path, message, 'remove one of them');
  }
  if (simple === 'LEAST_CONN') yield deprecated('LEAST_CONN', [...path, 'simple'], 'LEAST_REQUEST');
  // Istio: goes to the address that the caller chose, which may then be any; here: the host's own.
  if (simple === 'PASSTHROUGH') yield notActedOn('PASSTHROUGH', [...path, 'simple']);
  if (consistentHash !== undefined) yield* checkHash(consistentHash, [...path, 'consistentHash']);
  const { distribute = [], failover = [], failoverPriority = [] } = localityLbSetting ?? {};
  if ([distribute, failover, failoverPriority].filter(({ length }) => length > 0).length > 1) {
    const message = 'only one of distribute, failover or failoverPriority can be set';
    yield problem('SP0802', [...path, 'localityLbSetting'], message, 'keep one of them');
  }
  if (warmup !== undefined && warmupDurationSecs !== undefined) {
    const message = 'a load balancer cannot have both warmup and warmupDurationSecs';
    yield problem('SP0802', path, message, 'keep warmup');
  }
  yield* fieldsNotActedOn(settings, path, ['consistentHash', 'localityLbSetting', 'warmup', 'warmupDurationSecs']);
}

function* checkHash(hash: NonNullable<LoadBalancerSettings['consistentHash']>, path: FieldPath): Iterable<Finding> {
  const keys = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const;
  if (keys.filter((key) => hash[key] !== undefined).length !== 1) {
    yield problem('SP0802', path, `consistentHash needs exactly one of ${keys.join(', ')}`, 'keep one of them');
  }
  if (hash.ringHash !== undefined && hash.maglev !== undefined) {
    yield problem('SP0802', path, 'consistentHash cannot have both ringHash and maglev', 'keep one of them');
  }
}

function* checkOutliers(detection: OutlierDetection, path: FieldPath): Iterable<Finding> {
  const { consecutiveErrors, consecutiveLocalOriginFailures, splitExternalLocalOriginErrors } = detection;
  if (consecutiveErrors !== undefined) {
    const place = [...path, 'consecutiveErrors'];
    yield deprecated('consecutiveErrors', place, 'consecutiveGatewayErrors or consecutive5xxErrors');
  }
  if (consecutiveLocalOriginFailures !== undefined && splitExternalLocalOriginErrors !== true) {
    const message =
      'outlier detection consecutive local origin failures is specified, but split external local origin errors is set to false';
    const place = [...path, 'consecutiveLocalOriginFailures'];
    yield problem('SP0802', place, message, 'set splitExternalLocalOriginErrors: true');
  }
  const fields = ['consecutiveErrors', 'consecutiveLocalOriginFailures', 'splitExternalLocalOriginErrors'] as const;
  yield* fieldsNotActedOn(detection, path, fields);
}
