// Istio's annotations by which a pod goes around its proxy. Istio: whoever writes a pod decides; here: the Istio object does
// (kinds/istio-ranges.ts), so that a tenant opens nothing, unless it leaves ranges to pods. Ports and interfaces are never left to them.
// Each annotation that is used is named.
import { allowBypassAnnotation } from './annotations.ts';
import { type FieldPath, warning } from './finding.ts';
import type { Finding } from './kind.ts';
import { type IstioRanges, istioRanges } from './kinds/istio-ranges.ts';

const includeRanges = 'traffic.sidecar.istio.io/includeOutboundIPRanges';
const excludeRanges = 'traffic.sidecar.istio.io/excludeOutboundIPRanges';

/** With those of its values that change nothing. */
const bypassAnnotations: ReadonlyMap<string, readonly string[]> = new Map([
  [includeRanges, ['*']],
  [excludeRanges, ['']],
  ['traffic.sidecar.istio.io/includeOutboundPorts', ['', '*']],
  ['traffic.sidecar.istio.io/excludeOutboundPorts', ['']],
  ['traffic.sidecar.istio.io/excludeInterfaces', ['']],
]);

/** `path` is where the pod, or a template of one, has its metadata. */
export function* checkPodBypass(
  annotations: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
): Iterable<Finding> {
  for (const [name, harmless] of bypassAnnotations) {
    const value = annotations?.[name];
    if (value === undefined || harmless.includes(value.trim())) continue;
    const unless = name.endsWith('Ranges') ? ` unless the Istio object has ${allowBypassAnnotation}` : '';
    const message = `${name} is not acted on${unless}`;
    const hint = 'includeIPRanges and excludeIPRanges of the Istio object hold for the whole mesh';
    yield warning('SP0405', [...path, 'annotations', name], message, hint);
  }
}

/**
 * The ranges that a pod asks for in place of the mesh's; undefined where it asks for none. Not asked here is whether it may.
 * What cannot be read opens nothing.
 */
export function podRanges(annotations: Readonly<Record<string, string>> = {}): Partial<IstioRanges> | undefined {
  const { [includeRanges]: includeIPRanges, [excludeRanges]: excludeIPRanges } = annotations;
  if (includeIPRanges === undefined && excludeIPRanges === undefined) return undefined;
  const { include = ['0.0.0.0/0'], exclude } = istioRanges({
    ...(includeIPRanges !== undefined && { includeIPRanges }),
    ...(excludeIPRanges !== undefined && { excludeIPRanges }),
  });
  return { ...(includeIPRanges !== undefined && { include }), ...(excludeIPRanges !== undefined && { exclude }) };
}
