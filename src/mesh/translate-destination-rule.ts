// DestinationRule -> the mesh's form of it (istio-semantics 4). Takes a valid object.
import type {
  DestinationRule as ApiDestinationRule,
  TrafficPolicy as ApiTrafficPolicy,
} from '../api/kinds/destination-rule.ts';
import { trustsOriginalDestination } from '../api/kinds/original-destination.ts';
import { completeHost } from './complete-host.ts';
import type { DestinationRule, PortedPolicy } from './destination-rule.ts';
import { selectorOf } from './selector.ts';
import { emptyTrafficPolicy, type TrafficPolicy } from './traffic-policy.ts';
import { translateTrafficPolicy } from './translate-traffic-policy.ts';
import { visibilityOf } from './visibility.ts';

export function translateDestinationRule({ metadata, spec }: ApiDestinationRule): DestinationRule {
  const { name, namespace = 'default', creationTimestamp = '' } = metadata;
  const { host, trafficPolicy, subsets = [], exportTo, workloadSelector } = spec;
  return {
    namespace,
    name,
    createdAt: creationTimestamp,
    host: completeHost(host, namespace),
    visibility: visibilityOf(exportTo, namespace),
    workloadSelector: workloadSelector === undefined ? undefined : selectorOf(workloadSelector.matchLabels ?? {}),
    ...translatePorted(trafficPolicy),
    subsets: subsets.map((subset) => ({
      name: subset.name,
      labels: selectorOf(subset.labels ?? {}),
      ...translatePorted(subset.trafficPolicy),
    })),
    trustOriginalDestination: trustsOriginalDestination(metadata),
  };
}

function translatePorted(policy: ApiTrafficPolicy | undefined): PortedPolicy {
  const ports = new Map<number, TrafficPolicy>();
  for (const settings of policy?.portLevelSettings ?? []) {
    const number = settings.port?.number;
    if (number !== undefined && !ports.has(number)) ports.set(number, translateTrafficPolicy(settings));
  }
  return { policy: policy === undefined ? emptyTrafficPolicy : translateTrafficPolicy(policy), ports };
}
