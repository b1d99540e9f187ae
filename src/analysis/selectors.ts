// Selectors that select nothing: the object then holds for nobody.
import { type FieldPath, warning } from '../api/finding.ts';
import type { AuthorizationPolicy } from '../api/kinds/authorization-policy.ts';
import type { DestinationRule } from '../api/kinds/destination-rule.ts';
import type { Gateway } from '../api/kinds/gateway.ts';
import type { ServiceEntry } from '../api/kinds/service-entry.ts';
import type { Sidecar } from '../api/kinds/sidecar.ts';
import { rootNamespace } from '../api/root-namespace.ts';
import { type LabelSelector, selectorOf, selectorText } from '../mesh/selector.ts';
import type { CrossFinding } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

type SelectingObject = ServiceEntry | DestinationRule | Gateway | Sidecar | AuthorizationPolicy;

interface Selection {
  readonly path: FieldPath;
  readonly labels: Readonly<Record<string, string>>;
  /** Of gateways, and of policies of the root namespace: anywhere. */
  readonly anywhere: boolean;
}

export function* findEmptySelector(object: SelectingObject, around: Surroundings): Iterable<CrossFinding> {
  const { namespace = '' } = object.metadata;
  for (const { path, labels, anywhere } of selectionsOf(object)) {
    const selector = selectorOf(labels);
    if (anywhere ? around.namespacesOf(selector).length > 0 : around.hasWorkload(namespace, selector)) continue;
    const where = anywhere ? '' : ` of namespace ${namespace}`;
    const among = around.complete ? '' : ' among these files';
    const message = `no workload${where}${among} has the labels ${shown(selector)}`;
    const finding = warning('SP1507', path, message, 'compare them with the labels of the pods');
    yield around.complete ? finding : { ...finding, severity: 'info' };
  }
}

function selectionsOf({ metadata, spec = {} }: SelectingObject): readonly Selection[] {
  if ('servers' in spec) {
    return spec.selector === undefined ? [] : [{ path: ['spec', 'selector'], labels: spec.selector, anywhere: true }];
  }
  if (!('workloadSelector' in spec)) {
    // One without labels is told by validation.
    const labels = 'selector' in spec ? spec.selector?.matchLabels : undefined;
    const anywhere = metadata.namespace === rootNamespace;
    return labels === undefined ? [] : [{ path: ['spec', 'selector'], labels, anywhere }];
  }
  const { workloadSelector } = spec;
  if (workloadSelector === undefined) return [];
  const labels = 'matchLabels' in workloadSelector ? workloadSelector.matchLabels : undefined;
  const own = 'labels' in workloadSelector ? workloadSelector.labels : labels;
  return [{ path: ['spec', 'workloadSelector'], labels: own ?? {}, anywhere: false }];
}

function shown(selector: LabelSelector): string {
  return selectorText(selector) || '(none are asked for)';
}
