// A change that is only thought of, and the objects as they would be after it. As in the store: what is applied keeps its age
// and its status, so that which of two claims came first stays as it is.
import { type KubeObject, keyOf, keyString, type ObjectKey } from '../api/object.ts';
import { meshConfigKey } from '../mesh/mesh-config.ts';
import { revised } from '../store/local/revision.ts';
import { mergePatch } from '../store/merge-patch.ts';

export interface Change {
  readonly apply: readonly KubeObject[];
  readonly remove: readonly ObjectKey[];
  /** Of the mesh as a whole, in the object of its settings, which every mesh has. */
  readonly outboundTrafficPolicy?: 'ALLOW_ANY' | 'REGISTRY_ONLY';
}

export function changedObjects(
  objects: readonly KubeObject[],
  { apply, remove, outboundTrafficPolicy: mode }: Change,
  now: Date,
): readonly KubeObject[] {
  const byKey = new Map(objects.map((object) => [keyString(keyOf(object)), object]));
  const stamp = { resourceVersion: '', now };
  for (const object of apply) {
    const key = keyString(keyOf(object));
    byKey.set(key, revised(object, byKey.get(key), stamp));
  }
  for (const key of remove) byKey.delete(keyString(key));
  const settings = byKey.get(keyString(meshConfigKey));
  if (settings !== undefined && mode !== undefined) {
    const spec = mergePatch(settings.spec, { outboundTrafficPolicy: { mode } });
    byKey.set(keyString(meshConfigKey), { ...settings, spec });
  }
  return [...byKey.values()];
}
