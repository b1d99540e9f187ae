// Subsets that those who follow a rule do not know: no DestinationRule has them, or the one that has them is not found where
// it is needed (istio-semantics 4.1), as in Istio's own task for egress gateways. Envoy answers 503.
import { problem, warning } from '../../api/finding.ts';
import type { VirtualService } from '../../api/kinds/virtual-service.ts';
import { type DestinationRule, destinationRuleOrigin } from '../../mesh/destination-rule.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { clientsOf, clientText, type RuleClient } from './clients.ts';
import { destinationsOf } from './rule-destinations.ts';

export function* findMissingSubsets(object: VirtualService, around: Surroundings): Iterable<CrossFinding> {
  for (const { host, subset, path, gateways } of destinationsOf(object)) {
    if (subset === '') continue;
    const at = [...path, 'subset'];
    const rules = around.destinationRules(host).filter((rule) => hasSubset(rule, subset));
    const [rule] = rules;
    if (rule === undefined) {
      const hint = `add it to the subsets of a DestinationRule for ${host}`;
      const message = `no DestinationRule${around.complete ? '' : ' among these files'} for ${host} has a subset ${subset}`;
      yield around.complete ? problem('SP1514', at, message, hint) : warning('SP1514', at, message, hint);
      continue;
    }
    const blind = clientsOf(object, gateways, around).filter((client) => !finds(client));
    if (blind.length === 0) continue;
    const message =
      `${clientText(blind)} do not find subset ${subset} of ${destinationRuleOrigin(rule)}: ` +
      'a rule is looked for in the namespace of the client, of the service, and in istio-system';
    const [first] = blind;
    const hint = `copy it to namespace ${first?.namespace}, or move it to that of the service`;
    yield about(warning('SP1515', at, message, hint), destinationRuleOrigin(rule));

    function finds({ namespace, gateway }: RuleClient): boolean {
      const proxy = gateway === undefined ? 'sidecar' : 'router';
      const serviceNamespace = around.service(host, namespace, proxy)?.namespace;
      const found = around.destinationRule(host, serviceNamespace, namespace);
      if (found !== undefined && hasSubset(found, subset)) return true;
      // One for chosen workloads: whether they are these is not asked.
      return rules.some((one) => one.namespace === namespace && one.workloadSelector !== undefined);
    }
  }
}

function hasSubset({ subsets }: DestinationRule, name: string): boolean {
  return subsets.some((subset) => subset.name === name);
}
