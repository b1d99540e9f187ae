// Kubernetes Services with the pods behind them, as services of the mesh. A pod that changes concerns the Services of its
// namespace.
import { type Pod, podKind } from '../api/kinds/pod.ts';
import { type Service as KubeService, serviceKind } from '../api/kinds/service.ts';
import { keyOf, keyString } from '../api/object.ts';
import type { WatchEvent } from '../store/store.ts';
import type { Change } from './mesh.ts';
import type { Service } from './service.ts';
import { translateService } from './translate-service.ts';

export interface KubeServices {
  take(events: readonly WatchEvent[]): readonly Change<Service>[];
}

export function createKubeServices(): KubeServices {
  const translated = new Map<string, Service>();
  const services = new Map<string, KubeService>();
  const pods = new Map<string, Pod>();

  function podsOf(namespace: string | undefined): readonly Pod[] {
    return [...pods.values()].filter((pod) => pod.metadata.namespace === namespace);
  }

  function retranslate(key: string): Change<Service> {
    const before = translated.get(key);
    const service = services.get(key);
    const after = service === undefined ? undefined : translateService(service, podsOf(service.metadata.namespace));
    if (after === undefined) translated.delete(key);
    else translated.set(key, after);
    return { before: before === undefined ? [] : [before], after: after === undefined ? [] : [after] };
  }

  return {
    take(events) {
      const dirty = new Set<string>();
      /** Namespaces whose Services must be looked at again. */
      const touched = new Set<string | undefined>();
      for (const event of events) {
        const key = keyString(keyOf(event.object));
        const object = event.type === 'DELETED' ? undefined : event.object;
        if (event.object.kind === serviceKind.kind) {
          const parsed = serviceKind.schema.safeParse(object);
          if (parsed.success) services.set(key, parsed.data);
          else services.delete(key);
          dirty.add(key);
        } else if (event.object.kind === podKind.kind) {
          const parsed = podKind.schema.safeParse(object);
          if (parsed.success) pods.set(key, parsed.data);
          else pods.delete(key);
          touched.add(event.object.metadata.namespace);
        }
      }
      for (const [key, { metadata }] of services) if (touched.has(metadata.namespace)) dirty.add(key);
      return [...dirty].map(retranslate);
    },
  };
}
