// What all proxies of one view have in common: their namespace, and which of the labels that the mesh asks for they have.
// Two proxies with the same scope key get the same resources.
import type { ProxyIdentity } from '../discovery/view.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { RuleClient } from '../mesh/select-destination-rule.ts';
import { matchesLabels, selectorText } from '../mesh/selector.ts';

export interface ProxyScope extends RuleClient {
  readonly key: string;
}

/** Of a sidecar: only those of its labels count that some object of the mesh asks for. */
export function sidecarScope({ namespace, labels }: ProxyIdentity, mesh: Mesh): ProxyScope {
  const matched: string[] = [];
  for (const text of mesh.selectors.hosts()) {
    const applies = mesh.selectors
      .get(text)
      .some((asked) => (asked.namespace ?? namespace) === namespace && matchesLabels(asked.selector, labels));
    if (applies) matched.push(text);
  }
  const matches = new Set(matched);
  return {
    key: ['sidecar', namespace, ...matched.sort()].join(' '),
    namespace,
    matches: (selector) => matches.has(selectorText(selector)),
  };
}

/** Set by the Deployment on its pods: a new version of the same gateway is served the same. */
const podTemplateHash = 'pod-template-hash';

/** Of a gateway workload: all its labels, since Gateways choose by any of them. */
export function gatewayScope({ namespace, labels }: ProxyIdentity): ProxyScope & { readonly labels: Labels } {
  const own = Object.entries(labels).filter(([key]) => key !== podTemplateHash);
  const kept = Object.fromEntries(own.sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    key: `router ${namespace} ${JSON.stringify(kept)}`,
    namespace,
    labels: kept,
    matches: (selector) => matchesLabels(selector, kept),
  };
}

type Labels = Readonly<Record<string, string>>;
