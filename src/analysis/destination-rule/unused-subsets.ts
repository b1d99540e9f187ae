// Subsets to which no endpoint belongs: traffic to them is answered with 503.
import { warning } from '../../api/finding.ts';
import type { DestinationRule } from '../../api/kinds/destination-rule.ts';
import { completeHost } from '../../mesh/complete-host.ts';
import { type LabelSelector, matchesLabels, selectorOf, selectorText } from '../../mesh/selector.ts';
import { originOf, type Service } from '../../mesh/service.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

export function* findUnusedSubsets({ metadata, spec }: DestinationRule, around: Surroundings): Iterable<CrossFinding> {
  const host = completeHost(spec.host, metadata.namespace ?? '');
  for (const [index, { labels = {} }] of (spec.subsets ?? []).entries()) {
    const selector = selectorOf(labels);
    const services = selector.size === 0 ? [] : around.services(host);
    const [service] = services;
    if (service === undefined || services.some((one) => hasEndpoint(one, selector))) continue;
    const finding = warning(
      'SP1526',
      ['spec', 'subsets', index, 'labels'],
      `no endpoint of ${originOf(service)} has the labels ${selectorText(selector)}`,
      service.source === 'Service'
        ? 'compare them with the labels of its pods'
        : 'give its endpoints labels, or remove them here',
    );
    yield about(around.complete ? finding : { ...finding, severity: 'info' }, originOf(service));
  }

  function hasEndpoint({ workloads, namespace, endpoints }: Service, selector: LabelSelector): boolean {
    if (endpoints.some((endpoint) => matchesLabels(selector, endpoint.labels))) return true;
    return workloads !== undefined && around.hasWorkload(namespace, new Map([...workloads, ...selector]));
  }
}
