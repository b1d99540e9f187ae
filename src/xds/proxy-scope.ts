// What all proxies of one view have in common: their namespace, and which of the labels that the mesh asks for they have.
// Two proxies with the same scope key get the same resources.
import { rootNamespace } from '../api/root-namespace.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import { isFor } from '../mesh/egress-policy/access.ts';
import type { Mesh } from '../mesh/mesh.ts';
import type { RuleClient } from '../mesh/select-destination-rule.ts';
import { matchesLabels, selectorText } from '../mesh/selector.ts';
import type { Client } from '../mesh/tenancy.ts';

export interface ProxyScope extends RuleClient, Client {
  readonly key: string;
  /** Empty where nothing of the mesh asks for it. */
  readonly serviceAccount: string;
  /** The value of a label that some rule asks of proxies, to tell near endpoints from far ones. */
  label(key: string): string | undefined;
}

/** Of a sidecar: only those of its labels count that some object of the mesh asks for; so its service account. */
export function sidecarScope({ namespace, labels, ...identity }: ProxyIdentity, mesh: Mesh): ProxyScope {
  const asking =
    mesh.chosenAccounts.get(identity.serviceAccount).some((policy) => isFor(policy, namespace)) ||
    [rootNamespace, namespace].some((one) => mesh.accountAskers.get(one).length > 0);
  const serviceAccount = asking ? identity.serviceAccount : '';
  const matches = new Set<string>();
  for (const key of mesh.selectors.hosts()) {
    const [asked] = mesh.selectors.get(key);
    if (asked === undefined || (asked.namespace ?? namespace) !== namespace) continue;
    if (matchesLabels(asked.selector, labels)) matches.add(selectorText(asked.selector));
  }
  const own = new Map(Object.entries(labels));
  const places = new Map([...mesh.placedBy.hosts()].flatMap((label) => [[label, own.get(label)] as const]));
  const placed = [...places].filter(([, value]) => value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    key: [
      'sidecar',
      namespace,
      ...[...matches].sort(),
      ...placed.map(([label, value]) => `${label}:${value}`),
      ...(asking ? [`account ${serviceAccount}`] : []),
    ].join(' '),
    namespace,
    serviceAccount,
    proxy: 'sidecar',
    matches: (selector) => matches.has(selectorText(selector)),
    label: (label) => places.get(label),
  };
}

/** Set by the Deployment on its pods: a new version of the same gateway is served the same. */
const podTemplateHash = 'pod-template-hash';

/** Of a gateway workload: all its labels, since Gateways choose by any of them. */
export function gatewayScope({
  namespace,
  labels,
  serviceAccount,
}: ProxyIdentity): ProxyScope & { readonly labels: Labels } {
  const own = Object.entries(labels).filter(([key]) => key !== podTemplateHash);
  const kept = Object.fromEntries(own.sort(([a], [b]) => (a < b ? -1 : 1)));
  const values = new Map(Object.entries(kept));
  return {
    key: `router ${namespace} ${JSON.stringify(kept)}`,
    namespace,
    serviceAccount,
    proxy: 'router',
    labels: kept,
    matches: (selector) => matchesLabels(selector, kept),
    label: (label) => values.get(label),
  };
}

type Labels = Readonly<Record<string, string>>;
