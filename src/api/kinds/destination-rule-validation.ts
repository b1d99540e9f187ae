// What can be wrong among the fields of a DestinationRule. Follows ValidateDestinationRule of Istio's
// pkg/config/validation; messages are Istio's, the hint is our mend. Takes an object its schema has accepted.
import { isDnsLabel } from '../dns-name.ts';
import { type FieldPath, problem } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import { checkPassthrough } from './destination-rule-passthrough.ts';
import { checkTrafficPolicy } from './destination-rule-policy-validation.ts';
import type { DestinationRule } from './destination-rule-schema.ts';
import { checkOriginalDestination } from './original-destination.ts';
import { checkExportTo } from './service-entry-export.ts';
import { checkHost } from './service-entry-hosts.ts';

export function validateDestinationRule(rule: DestinationRule): readonly Finding[] {
  const { spec, metadata } = rule;
  const { host, trafficPolicy, exportTo = [] } = spec;
  return [
    // Istio: `*` and partial wildcards are taken; here: refused, as everywhere.
    ...[...checkHost(host)].map((finding) => ({ ...finding, path: ['spec', 'host'] })),
    ...(trafficPolicy === undefined ? [] : checkTrafficPolicy(trafficPolicy, ['spec', 'trafficPolicy'])),
    ...checkSubsets(spec.subsets ?? [], ['spec', 'subsets']),
    ...checkExportTo(exportTo, metadata.namespace),
    ...checkSelectorExport(spec, metadata.namespace),
    ...checkPassthrough(rule),
    ...checkOriginalDestination(metadata),
  ];
}

function* checkSubsets(subsets: NonNullable<DestinationRule['spec']['subsets']>, path: FieldPath): Iterable<Finding> {
  const seen = new Set<string>();
  for (const [index, { name, trafficPolicy }] of subsets.entries()) {
    const place = [...path, index];
    if (!isDnsLabel(name.toLowerCase())) {
      const message = name === '' ? 'subset name cannot be empty' : `subset name is invalid: ${shorten(name)}`;
      yield problem('SP0804', [...place, 'name'], message, "use letters, digits and '-'");
    } else if (seen.has(name)) {
      yield problem('SP0805', [...place, 'name'], 'duplicate subset names', 'give each subset a name of its own');
    }
    seen.add(name);
    if (trafficPolicy !== undefined) yield* checkTrafficPolicy(trafficPolicy, [...place, 'trafficPolicy']);
  }
}

/** Workloads are chosen in the rule's own namespace, so no other could use it. */
function* checkSelectorExport(
  { workloadSelector, exportTo = [] }: DestinationRule['spec'],
  namespace: string | undefined,
): Iterable<Finding> {
  if (workloadSelector === undefined || exportTo.every((target) => target === '.' || target === namespace)) return;
  const message = 'destination rule with workload selector cannot have exportTo beyond current namespace';
  yield problem('SP0810', ['spec', 'exportTo'], message, "remove it, or write ['.']");
}
