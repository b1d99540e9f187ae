// What no look at a Sidecar alone can tell: others for the same workloads, of which one counts, and an egress proxy that
// nobody registered.
import { toDiagnostic, warning } from '../api/finding.ts';
import type { Finding } from '../api/kind.ts';
import type { Diagnostic } from '../platform/diagnostic.ts';
import type { Mesh } from './mesh.ts';
import { selectService } from './select-service.ts';
import { selectorText } from './selector.ts';
import { type Sidecar, sidecarOrigin } from './sidecar.ts';

export function validateSidecars(mesh: Mesh): readonly Diagnostic[] {
  return [...mesh.sidecars.hosts()].flatMap((namespace) => {
    const sidecars = mesh.sidecars.get(namespace);
    return sidecars.flatMap((sidecar) =>
      [...checkAlone(sidecar, sidecars), ...checkEgressProxy(sidecar, mesh)].map((finding) =>
        toDiagnostic(finding, sidecarOrigin(sidecar)),
      ),
    );
  });
}

/** `others`: of its namespace, oldest first. */
function* checkAlone(sidecar: Sidecar, others: readonly Sidecar[]): Iterable<Finding> {
  const text = textOf(sidecar);
  const first = others.find((other) => textOf(other) === text);
  if (first === undefined || first === sidecar) return;
  const what = text === undefined ? 'all workloads' : 'the same workloads';
  const message = `${sidecarOrigin(first)} is for ${what} of the namespace too, and the older one counts`;
  yield warning('SP1212', ['spec', 'workloadSelector'], message, 'put both into one');
}

function textOf({ workloadSelector }: Sidecar): string | undefined {
  return workloadSelector === undefined ? undefined : selectorText(workloadSelector);
}

function* checkEgressProxy({ namespace, outboundTrafficPolicy }: Sidecar, mesh: Mesh): Iterable<Finding> {
  const proxy = outboundTrafficPolicy?.egressProxy;
  if (proxy === undefined) return;
  const service = selectService(mesh.services.get(proxy.host), namespace);
  const isThere = service?.ports.some(({ number }) => number === proxy.port) === true;
  if (isThere && service?.resolution !== 'NONE') return;
  const message = `no service has ${proxy.host} on port ${proxy.port}, so that unregistered traffic goes nowhere`;
  const hint = 'register it, with a resolution other than NONE';
  yield warning('SP1213', ['spec', 'outboundTrafficPolicy', 'egressProxy'], message, hint);
}
