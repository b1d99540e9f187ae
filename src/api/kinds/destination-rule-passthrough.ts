// `simple: PASSTHROUGH`, which follows whatever address the caller connected to.
// Istio: so that whoever names an allowed host reaches any server; here: the host's own addresses, unless the rule's
// annotation trusts its callers, and then for the host as a whole, not for single ports and subsets.
import { type FieldPath, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import type { TrafficPolicy } from './destination-rule-policy.ts';
import type { DestinationRule } from './destination-rule-schema.ts';
import { trustsOriginalDestination } from './original-destination.ts';
import { placedPolicies } from './placed-policies.ts';

export function* checkPassthrough(rule: DestinationRule): Iterable<Finding> {
  const { metadata, spec } = rule;
  const { trafficPolicy = {} } = spec;
  const message = "PASSTHROUGH is not followed: connections go to the host's own addresses";
  if (isPassthrough(trafficPolicy) && !trustsOriginalDestination(metadata)) {
    const hint =
      'remove it, or use a ServiceEntry without it; ' +
      "the annotation egress.sallyport.dev/original-destination: trust restores Istio's way, which follows any address";
    yield warning('SP0814', ['spec', 'trafficPolicy', 'loadBalancer', 'simple'], message, hint);
  }
  const single = placedPolicies(rule).flatMap(({ policy, path }) => [
    ...(policy !== trafficPolicy && isPassthrough(policy) ? [path] : []),
    ...inPorts(policy, path),
  ]);
  for (const path of single) {
    yield warning(
      'SP0814',
      [...path, 'loadBalancer', 'simple'],
      message,
      'write it into spec.trafficPolicy.loadBalancer',
    );
  }
}

function inPorts({ portLevelSettings = [] }: TrafficPolicy, path: FieldPath): readonly FieldPath[] {
  return portLevelSettings.flatMap((policy, index) =>
    isPassthrough(policy) ? [[...path, 'portLevelSettings', index]] : [],
  );
}

function isPassthrough({ loadBalancer }: Pick<TrafficPolicy, 'loadBalancer'>): boolean {
  return loadBalancer?.simple === 'PASSTHROUGH';
}
