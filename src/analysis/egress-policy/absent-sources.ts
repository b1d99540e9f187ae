// Sources that choose no workload that is here: the policy then lets nobody out for them.
import { warning } from '../../api/finding.ts';
import type { EgressPolicy, EgressPolicySource } from '../../api/kinds/egress-policy.ts';
import { rootNamespace } from '../../api/root-namespace.ts';
import { selectorOf, selectorText } from '../../mesh/selector.ts';
import type { CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

export function* findAbsentSources({ metadata, spec }: EgressPolicy, around: Surroundings): Iterable<CrossFinding> {
  const { namespace = '' } = metadata;
  for (const [index, source] of (spec.from ?? []).entries()) {
    const { selector, serviceAccounts, namespaces = namespace === rootNamespace ? undefined : [namespace] } = source;
    const labels = selector === undefined ? undefined : selectorOf(selector.matchLabels ?? {});
    // What is empty is told by validation.
    if (labels?.size === 0 || serviceAccounts?.length === 0 || source.namespaces?.length === 0) continue;
    if (labels === undefined && serviceAccounts === undefined && source.namespaces === undefined) continue;
    if (around.hasClient(namespaces, { labels, serviceAccounts })) continue;
    const where = namespaces === undefined ? 'any namespace' : `namespace ${namespaces.join(' or ')}`;
    const among = around.complete ? '' : ' among these files';
    const message = `no workload of ${where}${among} has ${wanted(source)}, so that nobody is chosen`;
    const hint = 'compare it with the labels and service accounts of the pods';
    const finding = warning('SP1572', ['spec', 'from', index], message, hint);
    yield around.complete ? finding : { ...finding, severity: 'info' };
  }
}

function wanted({ selector, serviceAccounts }: EgressPolicySource): string {
  const parts = [
    ...(selector === undefined ? [] : [`the labels ${selectorText(selectorOf(selector.matchLabels ?? {}))}`]),
    ...(serviceAccounts === undefined ? [] : [`the service account ${serviceAccounts.join(' or ')}`]),
  ];
  return parts.length === 0 ? 'a sidecar' : parts.join(' and ');
}
