// Rules that hand on to a VirtualService that is not there, or cannot take them.
import type { VirtualService } from '../../api/kinds/virtual-service.ts';
import { completeHost } from '../../mesh/complete-host.ts';
import { validateDelegates } from '../../mesh/validate-delegates.ts';
import type { CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

export function* findUnusableDelegates(
  { metadata, spec }: VirtualService,
  around: Surroundings,
): Iterable<CrossFinding> {
  const { namespace = '', name } = metadata;
  const [host] = spec.hosts ?? [];
  if (host === undefined || !(spec.http ?? []).some(({ delegate }) => delegate !== undefined)) return;
  const claims = around.virtualServices(completeHost(host, namespace));
  const own = claims.find((one) => one.namespace === namespace && one.name === name);
  for (const finding of own === undefined ? [] : validateDelegates(own)) {
    yield around.complete ? finding : { ...finding, severity: 'warning' };
  }
}
