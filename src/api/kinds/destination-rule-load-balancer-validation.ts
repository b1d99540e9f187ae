// What can be wrong in how endpoints are chosen. Follows validateLoadBalancer of Istio's pkg/config/validation; sizes that
// Envoy refuses are refused here.
import { type FieldPath, problem, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { deprecated } from '../not-acted-on.ts';
import { shorten } from '../schema-messages.ts';
import type { LoadBalancerSettings } from './destination-rule-load-balancer.ts';
import { checkLocalitySetting } from './destination-rule-locality-validation.ts';
import { isHeaderName } from './virtual-service-headers.ts';

/** `leavesOut`: failing endpoints are left out for a while. */
export function* checkLoadBalancer(
  settings: LoadBalancerSettings,
  path: FieldPath,
  leavesOut: boolean,
): Iterable<Finding> {
  const { simple, consistentHash, localityLbSetting } = settings;
  if (simple !== undefined && consistentHash !== undefined) {
    const message = 'a load balancer cannot have both simple and consistentHash';
    yield problem('SP0802', path, message, 'remove one of them');
  }
  if (simple === 'LEAST_CONN') yield deprecated('LEAST_CONN', [...path, 'simple'], 'LEAST_REQUEST');
  if (consistentHash !== undefined) yield* checkHash(consistentHash, [...path, 'consistentHash']);
  if (localityLbSetting !== undefined) {
    yield* checkLocalitySetting(localityLbSetting, [...path, 'localityLbSetting'], leavesOut);
  }
  yield* checkWarmup(settings, path);
}

type Hash = NonNullable<LoadBalancerSettings['consistentHash']>;

/** Envoy's bounds. */
const largestRing = 8_388_608;
const largestTable = 5_000_011;

function* checkHash(hash: Hash, path: FieldPath): Iterable<Finding> {
  const keys = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const;
  if (keys.filter((key) => hash[key] !== undefined).length !== 1) {
    yield problem('SP0802', path, `consistentHash needs exactly one of ${keys.join(', ')}`, 'keep one of them');
  }
  if (hash.ringHash !== undefined && hash.maglev !== undefined) {
    yield problem('SP0802', path, 'consistentHash cannot have both ringHash and maglev', 'keep one of them');
  }
  if (hash.minimumRingSize !== undefined) {
    yield deprecated('minimumRingSize', [...path, 'minimumRingSize'], 'ringHash.minimumRingSize');
  }
  if (hash.minimumRingSize && (hash.ringHash ?? hash.maglev) !== undefined) {
    const message = 'only one of minimumRingSize or Maglev/Ringhash can be specified';
    yield problem('SP0802', path, message, 'remove minimumRingSize');
  }
  for (const [size, place] of [
    [hash.minimumRingSize, [...path, 'minimumRingSize']],
    [hash.ringHash?.minimumRingSize, [...path, 'ringHash', 'minimumRingSize']],
  ] as const) {
    if (size === undefined || size <= largestRing) continue;
    yield problem('SP0812', place, `a ring of ${size} is too large`, `the most is ${largestRing}`);
  }
  const table = hash.maglev?.tableSize ?? 0;
  if (table !== 0 && (table > largestTable || !isPrime(table))) {
    const message = 'tableSize must be a prime number for maglev';
    yield problem(
      'SP0812',
      [...path, 'maglev', 'tableSize'],
      message,
      `write for example 65537, at most ${largestTable}`,
    );
  }
  yield* checkKeys(hash, path);
}

function* checkKeys(hash: Hash, path: FieldPath): Iterable<Finding> {
  const { httpHeaderName, httpQueryParameterName, httpCookie } = hash;
  if (httpHeaderName !== undefined && !isHeaderName(httpHeaderName)) {
    const message = `'${shorten(httpHeaderName)}' is not the name of a header`;
    yield problem('SP0812', [...path, 'httpHeaderName'], message, "use letters, digits, '-' and '_'");
  }
  if (httpQueryParameterName === '') {
    const message = 'the name of a query parameter cannot be empty';
    yield problem('SP0812', [...path, 'httpQueryParameterName'], message, 'name it');
  }
  if (httpCookie === undefined) return;
  const { name, path: cookiePath = '', attributes = [] } = httpCookie;
  const place = [...path, 'httpCookie'];
  const hint = 'use letters, digits and punctuation without spaces, commas and semicolons';
  const named = [
    [name, [...place, 'name']],
    ...attributes.map((attribute, index) => [attribute.name, [...place, 'attributes', index, 'name']] as const),
  ] as const;
  for (const [text, at] of named) {
    if (isHeaderName(text) && !text.startsWith(':')) continue;
    yield problem('SP0812', at, `'${shorten(text)}' is not the name of a cookie or of an attribute`, hint);
  }
  const values = [
    [cookiePath, [...place, 'path']],
    ...attributes.map(({ value = '' }, index) => [value, [...place, 'attributes', index, 'value']] as const),
  ] as const;
  for (const [text, at] of values) {
    // It stands in a header that callers are sent.
    if (/^[\x20-\x3a\x3c-\x7e]*$/.test(text)) continue;
    yield problem('SP0812', at, `'${shorten(text)}' cannot stand in a cookie`, hint);
  }
}

function isPrime(size: number): boolean {
  for (let divisor = 2; divisor * divisor <= size; divisor++) if (size % divisor === 0) return false;
  return size > 1;
}

function* checkWarmup(settings: LoadBalancerSettings, path: FieldPath): Iterable<Finding> {
  const { simple, consistentHash, warmup, warmupDurationSecs } = settings;
  if (warmup !== undefined && warmupDurationSecs !== undefined) {
    const message = 'a load balancer cannot have both warmup and warmupDurationSecs';
    yield problem('SP0802', path, message, 'keep warmup');
  } else if (warmupDurationSecs !== undefined) {
    yield deprecated('warmupDurationSecs', [...path, 'warmupDurationSecs'], 'warmup.duration');
  }
  if (warmup?.aggression !== undefined && warmup.aggression < 1) {
    const message = 'aggression should be greater than or equal to 1';
    yield problem('SP0802', [...path, 'warmup', 'aggression'], message, 'remove it to have 1');
  }
  const field = warmup === undefined ? 'warmupDurationSecs' : 'warmup';
  const used = warmup !== undefined || warmupDurationSecs !== undefined;
  if (used && (consistentHash !== undefined || simple === 'RANDOM' || simple === 'PASSTHROUGH')) {
    const how = consistentHash === undefined ? simple : 'consistentHash';
    yield warning('SP0815', [...path, field], `${how} does not use ${field}`, 'use LEAST_REQUEST or ROUND_ROBIN');
  }
}
