// Two rules of one namespace for one host: subsets are put together, and the first
// trafficPolicy counts (model/destination_rule.go). Told of the younger.
import { type FieldPath, warning } from '../../api/finding.ts';
import type { DestinationRule as ApiDestinationRule } from '../../api/kinds/destination-rule.ts';
import { completeHost } from '../../mesh/complete-host.ts';
import { type DestinationRule, destinationRuleOrigin } from '../../mesh/destination-rule.ts';
import { compareOrigin } from '../../mesh/origin.ts';
import { selectorText } from '../../mesh/selector.ts';
import { emptyTrafficPolicy } from '../../mesh/traffic-policy.ts';
import { sameVisibility } from '../../mesh/visibility.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

export function* findAmbiguousRules(
  { metadata, spec }: ApiDestinationRule,
  around: Surroundings,
): Iterable<CrossFinding> {
  const { namespace = '', name } = metadata;
  const host = completeHost(spec.host, namespace);
  const rules = around.destinationRules(host).filter((rule) => rule.host === host && rule.namespace === namespace);
  const own = rules.find((rule) => rule.name === name);
  if (own === undefined) return;
  const older = rules.filter((rule) => compareOrigin(rule, own) < 0 && isForTheSame(rule, own)).sort(compareOrigin);
  const [first] = older;
  if (first === undefined) return;
  if (own.workloadSelector !== undefined || !sameVisibility(own.visibility, first.visibility)) {
    yield told(['spec', 'host'], `${host} has a rule already, which comes first and alone counts`, first);
    return;
  }
  const merged = older.filter(({ visibility }) => sameVisibility(visibility, own.visibility));
  const policed = merged.find(({ policy }) => policy !== emptyTrafficPolicy);
  if (spec.trafficPolicy !== undefined && policed !== undefined) {
    yield told(
      ['spec', 'trafficPolicy'],
      `${host} has a trafficPolicy already, which comes first and alone counts`,
      policed,
    );
  }
  for (const [index, { name: subset }] of (spec.subsets ?? []).entries()) {
    const taken = merged.find(({ subsets }) => subsets.some((other) => other.name === subset));
    if (taken === undefined) continue;
    yield told(
      ['spec', 'subsets', index, 'name'],
      `subset ${subset} of ${host} is there already, and comes first`,
      taken,
    );
  }
}

function told(path: FieldPath, message: string, other: DestinationRule): CrossFinding {
  const origin = destinationRuleOrigin(other);
  return about(warning('SP1525', path, `${message}: ${origin}`, 'put both into one DestinationRule'), origin);
}

function isForTheSame({ workloadSelector: a }: DestinationRule, { workloadSelector: b }: DestinationRule): boolean {
  if (a === undefined || b === undefined) return a === b;
  return selectorText(a) === selectorText(b);
}
