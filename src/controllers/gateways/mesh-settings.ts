// The one Istio object that counts, `mesh` in `istio-system`; and what is wrong where it is missing or has company.
// Istio: gateways are stuck without a word then; here: the words are their status.
import { type Istio, istioKind } from '../../api/kinds/istio.ts';
import { type KubeObject, keyOf, keyString } from '../../api/object.ts';
import { meshConfigKey } from '../../mesh/mesh-config.ts';
import type { ObjectStore } from '../../store/store.ts';

export const istios = { group: istioKind.group, kind: istioKind.kind };

/** `istio-system/mesh`, as people are told. */
export const settingsName = `${meshConfigKey.namespace}/${meshConfigKey.name}`;

/** The mesh's settings with their defaults, or why there are none. */
export async function meshSettings(store: ObjectStore): Promise<Istio | string> {
  const { items } = await store.list(istios);
  const [first, ...others] = items;
  if (first === undefined) return `there is no Istio object; apply one named ${settingsName}`;
  if (others.length > 0) return `there are ${items.length} Istio objects (${items.map(placeOf).join(', ')}); keep one`;
  if (!isMeshSettings(first)) return `the Istio object ${placeOf(first)} does not count; name it ${settingsName}`;
  const istio = istioKind.schema.safeParse(first);
  return istio.success ? istioKind.withDefaults(istio.data) : `the Istio object ${settingsName} cannot be read`;
}

export function isMeshSettings(istio: KubeObject): boolean {
  return keyString(keyOf(istio)) === keyString(meshConfigKey);
}

function placeOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
