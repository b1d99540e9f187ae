// By what an EgressPolicy knows a workload: its service account, where that is its own, else the fewest of its labels that no
// other workload of the namespace has. Invariant: no other workload that runs is chosen.
import type { EgressPolicySource } from '../api/kinds/egress-policy.ts';
import { matchesLabels, selectorOf } from '../mesh/selector.ts';

/** A pod with a proxy. */
export interface RunningPod {
  readonly namespace: string;
  readonly workload: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What people tell their workloads apart by, first of all. */
const usual: readonly (readonly string[])[] = [
  ['app'],
  ['app.kubernetes.io/name'],
  ['app', 'version'],
  ['app.kubernetes.io/name', 'app.kubernetes.io/component'],
];

/** Or why there is none. */
export function policySourceOf(
  workload: string,
  inNamespace: readonly RunningPod[],
): { readonly source: EgressPolicySource } | { readonly reason: string } {
  const own = inNamespace.filter((pod) => pod.workload === workload);
  const others = inNamespace.filter((pod) => pod.workload !== workload);
  const [first] = own;
  if (first === undefined) return { reason: `${workload} does not run: nobody knows its labels` };
  const { serviceAccount } = first;
  const isOwn = own.every((pod) => pod.serviceAccount === serviceAccount);
  if (serviceAccount !== 'default' && isOwn && others.every((pod) => pod.serviceAccount !== serviceAccount)) {
    return { source: { serviceAccounts: [serviceAccount] } };
  }
  const common = Object.entries(first.labels).filter(([key, value]) =>
    own.every(({ labels }) => labels[key] === value),
  );
  const labels = new Map(common.filter(([key]) => key !== 'pod-template-hash').sort(([a], [b]) => (a < b ? -1 : 1)));
  for (const keys of [...usual, [...labels.keys()]]) {
    if (keys.length === 0 || !keys.every((key) => labels.has(key))) continue;
    const matchLabels = Object.fromEntries(keys.map((key) => [key, labels.get(key) ?? '']));
    const selector = selectorOf(matchLabels);
    if (others.some((pod) => matchesLabels(selector, pod.labels))) continue;
    return { source: { selector: { matchLabels } } };
  }
  return { reason: `neither its labels nor its service account tell ${workload} from other workloads` };
}
