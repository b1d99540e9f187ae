// A wildcard that its author opened to every namespace without saying so (Istio: exportTo is `*` where nothing is said).

import { warning } from '../../api/finding.ts';
import { isWildcardHost } from '../../api/host-name.ts';
import type { ServiceEntry } from '../../api/kinds/service-entry.ts';
import { rootNamespace } from '../../api/root-namespace.ts';
import type { CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { servicesOf } from './entry-services.ts';

export function* findWideExport(entry: ServiceEntry, around: Surroundings): Iterable<CrossFinding> {
  const { exportTo = [] } = entry.spec;
  const { namespace = '' } = entry.metadata;
  if (exportTo.length > 0 || namespace === rootNamespace) return;
  if (around.config().outboundTrafficPolicy !== 'REGISTRY_ONLY') return;
  for (const { service, index } of servicesOf(entry, around)) {
    if (!isWildcardHost(service.host)) continue;
    const message = `without exportTo every namespace may reach any host below ${service.host.slice(2)}`;
    const hint = `write exportTo: ['.'] to keep it in namespace ${namespace}, or ['*'] if that is meant`;
    yield { ...warning('SP1506', ['spec', 'hosts', index], message, hint), severity: 'info' };
  }
}
