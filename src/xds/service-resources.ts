// Clusters and endpoints depend on the service alone, not on who sees it: built once for each service and setting, and
// shared by all views. Services are immutable, so the object itself is the key.
import type { MeshConfig } from '../mesh/mesh-config.ts';
import type { Service } from '../mesh/service.ts';
import type { Capture } from './capture.ts';
import type { TypedResource } from './resource.ts';
import { buildServiceClusters } from './service-clusters.ts';
import { buildServiceAssignments } from './service-endpoints.ts';

export interface ServiceResources {
  of(service: Service, config: MeshConfig): readonly TypedResource[];
}

export function createServiceResources(capture: Capture['kind'] = 'redirect'): ServiceResources {
  const cache = new WeakMap<Service, { readonly config: MeshConfig; readonly resources: readonly TypedResource[] }>();
  return {
    of(service, config) {
      const cached = cache.get(service);
      if (cached?.config === config) return cached.resources;
      const resources = [...buildServiceClusters(service, config, capture), ...buildServiceAssignments(service)];
      cache.set(service, { config, resources });
      return resources;
    },
  };
}
