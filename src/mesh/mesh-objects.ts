// Objects of the store -> changes of the mesh. Remembers what each object stood for, so that its next version replaces
// exactly that. An object that no longer fits its schema (an older release wrote it) keeps its last good meaning.
import { istioKind } from '../api/kinds/istio.ts';
import { type Pod, podKind } from '../api/kinds/pod.ts';
import { type Service as KubeService, serviceKind } from '../api/kinds/service.ts';
import { serviceEntryKind } from '../api/kinds/service-entry.ts';
import { type KubeObject, keyOf, keyString } from '../api/object.ts';
import type { WatchEvent } from '../store/store.ts';
import type { ServicesChange } from './mesh.ts';
import { defaultMeshConfig, type MeshConfig, meshConfigKey, translateMeshConfig } from './mesh-config.ts';
import type { Service } from './service.ts';
import { translateService } from './translate-service.ts';
import { translateServiceEntry } from './translate-service-entry.ts';

export interface MeshChange {
  readonly services: readonly ServicesChange[];
  /** Undefined: as it was. */
  readonly config: MeshConfig | undefined;
}

export interface MeshObjects {
  /** What these events, of one transaction, change. */
  translate(events: readonly WatchEvent[]): MeshChange;
}

/** Kinds that the mesh is made of. */
export const meshKinds = [istioKind, serviceEntryKind, serviceKind, podKind] as const;

const meshConfigName = keyString(meshConfigKey);

export function createMeshObjects(): MeshObjects {
  const translated = new Map<string, readonly Service[]>();
  const kubeServices = new Map<string, KubeService>();
  const pods = new Map<string, Pod>();

  function replace(key: string, after: readonly Service[]): ServicesChange {
    const before = translated.get(key) ?? [];
    if (after.length === 0) translated.delete(key);
    else translated.set(key, after);
    return { before, after };
  }

  function translateEntry(key: string, object: KubeObject | undefined): readonly ServicesChange[] {
    if (object === undefined) return [replace(key, [])];
    const entry = serviceEntryKind.schema.safeParse(object);
    return entry.success ? [replace(key, translateServiceEntry(serviceEntryKind.withDefaults(entry.data)))] : [];
  }

  function podsOf(namespace: string | undefined): readonly Pod[] {
    return [...pods.values()].filter((pod) => pod.metadata.namespace === namespace);
  }

  return {
    translate(events) {
      const services: ServicesChange[] = [];
      /** Namespaces whose Services must be looked at again, since their pods changed. */
      const touched = new Set<string | undefined>();
      const dirty = new Set<string>();
      let config: MeshConfig | undefined;
      for (const event of events) {
        const key = keyString(keyOf(event.object));
        const object = event.type === 'DELETED' ? undefined : event.object;
        switch (event.object.kind) {
          case serviceEntryKind.kind:
            services.push(...translateEntry(key, object));
            break;
          case serviceKind.kind: {
            const parsed = serviceKind.schema.safeParse(object);
            if (parsed.success) kubeServices.set(key, parsed.data);
            else kubeServices.delete(key);
            dirty.add(key);
            break;
          }
          case podKind.kind: {
            const parsed = podKind.schema.safeParse(object);
            if (parsed.success) pods.set(key, parsed.data);
            else pods.delete(key);
            touched.add(event.object.metadata.namespace);
            break;
          }
          case istioKind.kind:
            if (key === meshConfigName) config = configOf(object) ?? config;
            break;
        }
      }
      for (const [key, { metadata }] of kubeServices) if (touched.has(metadata.namespace)) dirty.add(key);
      for (const key of dirty) {
        const service = kubeServices.get(key);
        services.push(
          replace(key, service === undefined ? [] : [translateService(service, podsOf(service.metadata.namespace))]),
        );
      }
      return { services, config };
    },
  };
}

/** Undefined when the object cannot be read: the last settings then stay. */
function configOf(object: KubeObject | undefined): MeshConfig | undefined {
  if (object === undefined) return defaultMeshConfig;
  const parsed = istioKind.schema.safeParse(object);
  return parsed.success ? translateMeshConfig(parsed.data) : undefined;
}
