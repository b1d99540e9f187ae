// All policies of a DestinationRule with the places where they stand: the rule's own, then those of its subsets.
import type { FieldPath } from '../finding.ts';
import type { TrafficPolicy } from './destination-rule-policy.ts';
import type { DestinationRule } from './destination-rule-schema.ts';

export interface PlacedPolicy {
  readonly policy: TrafficPolicy;
  readonly path: FieldPath;
}

export function placedPolicies({ spec }: DestinationRule): readonly PlacedPolicy[] {
  return [
    placed(spec, ['spec']),
    ...(spec.subsets ?? []).map((subset, index) => placed(subset, ['spec', 'subsets', index])),
  ].flat();
}

function placed(
  { trafficPolicy: policy }: { readonly trafficPolicy?: TrafficPolicy },
  path: FieldPath,
): readonly PlacedPolicy[] {
  return policy === undefined ? [] : [{ policy, path: [...path, 'trafficPolicy'] }];
}
