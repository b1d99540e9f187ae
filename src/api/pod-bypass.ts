// Istio's annotations by which a pod goes around its proxy. Istio: whoever writes a pod decides; here: only the Istio object
// does (kinds/istio-ranges.ts), so that a tenant opens nothing. Each one that is used is named.
import { type FieldPath, warning } from './finding.ts';
import type { Finding } from './kind.ts';

/** With those of its values that change nothing. */
const bypassAnnotations: ReadonlyMap<string, readonly string[]> = new Map([
  ['traffic.sidecar.istio.io/includeOutboundIPRanges', ['*']],
  ['traffic.sidecar.istio.io/excludeOutboundIPRanges', ['']],
  ['traffic.sidecar.istio.io/includeOutboundPorts', ['', '*']],
  ['traffic.sidecar.istio.io/excludeOutboundPorts', ['']],
]);

/** `path` is where the pod, or a template of one, has its metadata. */
export function* checkPodBypass(
  annotations: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
): Iterable<Finding> {
  for (const [name, harmless] of bypassAnnotations) {
    const value = annotations?.[name];
    if (value === undefined || harmless.includes(value.trim())) continue;
    const message = `${name} is not acted on: everything goes through the proxy`;
    const hint = 'includeIPRanges and excludeIPRanges of the Istio object decide it for the whole mesh';
    yield warning('SP0405', [...path, 'annotations', name], message, hint);
  }
}
