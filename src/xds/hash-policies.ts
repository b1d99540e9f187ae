// What routes must hash for destinations whose rules choose the endpoint by it (istio-semantics 4.4).
import type { HashPolicy } from '../envoy/hash-policy.ts';
import type { TrafficPolicy } from '../mesh/traffic-policy.ts';

/** Of all the destinations that a route may choose; each key once. */
export function hashPoliciesOf(policies: readonly TrafficPolicy[]): readonly HashPolicy[] {
  const keys = policies.flatMap(({ loadBalancer }) => loadBalancer?.consistentHash?.key ?? []);
  return [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
}
