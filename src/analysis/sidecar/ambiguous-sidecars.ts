// Several Sidecars for the same workloads, of which the first alone counts; and an egress proxy that nobody registered.
import { warning } from '../../api/finding.ts';
import type { Sidecar as ApiSidecar } from '../../api/kinds/sidecar.ts';
import { selectorText } from '../../mesh/selector.ts';
import { type Sidecar, sidecarOrigin } from '../../mesh/sidecar.ts';
import { about, type CrossFinding } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

export function* findAmbiguousSidecars({ metadata }: ApiSidecar, around: Surroundings): Iterable<CrossFinding> {
  const sidecars = around.sidecars(metadata.namespace ?? '');
  const own = sidecars.find(({ name }) => name === metadata.name);
  if (own === undefined) return;
  const first = sidecars.find((other) => textOf(other) === textOf(own));
  if (first === undefined || first === own) return;
  const what = own.workloadSelector === undefined ? 'all workloads' : 'the same workloads';
  const message = `${sidecarOrigin(first)} is for ${what} of the namespace too, and the first one counts`;
  yield about(warning('SP1212', ['spec', 'workloadSelector'], message, 'put both into one'), sidecarOrigin(first));
}

function textOf({ workloadSelector }: Sidecar): string | undefined {
  return workloadSelector === undefined ? undefined : selectorText(workloadSelector);
}

export function* findMissingEgressProxy({ metadata }: ApiSidecar, around: Surroundings): Iterable<CrossFinding> {
  const { namespace = '', name } = metadata;
  const own = around.sidecars(namespace).find((sidecar) => sidecar.name === name);
  const proxy = own?.outboundTrafficPolicy?.egressProxy;
  if (proxy === undefined) return;
  const service = around.service(proxy.host, namespace);
  const isThere = service?.ports.some(({ number }) => number === proxy.port) === true;
  if (isThere && service?.resolution !== 'NONE') return;
  const among = around.complete ? '' : ' among these files';
  const message = `no service${among} has ${proxy.host} on port ${proxy.port}, so that unregistered traffic goes nowhere`;
  const hint = 'register it, with a resolution other than NONE';
  yield warning('SP1213', ['spec', 'outboundTrafficPolicy', 'egressProxy'], message, hint);
}
