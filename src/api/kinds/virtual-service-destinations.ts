// Where the rules of a VirtualService send traffic, and in which shares. Follows validateDestination and
// validateWeights of Istio's pkg/config/validation.
import { isDnsLabel } from '../dns-name.ts';
import { type FieldPath, problem, warning } from '../finding.ts';
import { normalizeHost } from '../host-name.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import type { Destination, HttpRoute, RouteDestination } from './virtual-service-schema.ts';

/** Envoy adds the weights up in 32 bits. */
const largestSum = 4_294_967_295;

export function* checkDestinations(routes: readonly RouteDestination[], path: FieldPath): Iterable<Finding> {
  for (const [index, { destination }] of routes.entries()) {
    yield* checkDestination(destination, [...path, index, 'destination']);
  }
  const [first, ...others] = routes;
  if (first === undefined) return;
  if (others.length === 0) {
    if (first.weight === undefined || first.weight === 100) return;
    const message = `weight ${first.weight} has no effect: the only destination gets everything`;
    yield warning('SP0711', [...path, 0, 'weight'], message, 'remove it, or add another destination');
    return;
  }
  const sum = routes.reduce((total, { weight = 0 }) => total + weight, 0);
  if (sum === 0) yield problem('SP0710', path, 'total destination weight = 0', 'give the destinations weights');
  if (sum > largestSum) {
    yield problem('SP0710', path, `total destination weight = ${sum}, more than ${largestSum}`, 'use smaller weights');
  }
}

export function* checkDestination({ host, subset }: Destination, path: FieldPath): Iterable<Finding> {
  if (normalizeHost(host) === undefined) {
    const hint = 'write the name of a host or service, without scheme, port or path';
    yield problem('SP0709', [...path, 'host'], `invalid destination host ${shorten(host)}`, hint);
  }
  if (subset !== undefined && !isDnsLabel(subset.toLowerCase())) {
    const message = `subset name is invalid: ${shorten(subset)}`;
    yield problem('SP0709', [...path, 'subset'], message, "use letters, digits and '-'");
  }
}

/** Copies of requests for other destinations. */
export function* checkMirrors(rule: HttpRoute, path: FieldPath): Iterable<Finding> {
  const { mirror, mirrors, route = [] } = rule;
  const first = mirror === undefined ? mirrors?.[0] && 'mirrors' : 'mirror';
  if (first !== undefined && route.length === 0 && rule.delegate === undefined) {
    const message = 'only requests that are routed are mirrored';
    yield warning('SP0729', [...path, first], message, 'add route, or remove it');
  }
  if (mirror !== undefined && mirrors !== undefined) {
    yield problem('SP0708', path, 'HTTP route cannot contain both mirror and mirrors', 'use mirrors alone');
  }
  if (mirror !== undefined) yield* checkDestination(mirror, [...path, 'mirror']);
  for (const [index, { destination }] of (mirrors ?? []).entries()) {
    yield* checkDestination(destination, [...path, 'mirrors', index, 'destination']);
  }
}
