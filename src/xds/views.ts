// All views of the mesh: one for each namespace that a connected sidecar is in, made when first asked for and kept up
// to date with every snapshot. Not ready until the first snapshot that holds every source is there.
import type { ProxyIdentity, View, ViewProvider } from '../discovery/view.ts';
import { emptyMesh, type Mesh, type MeshDelta } from '../mesh/mesh.ts';
import { createServiceResources } from './service-resources.ts';
import { createSidecarView, type SidecarView } from './sidecar-view.ts';

export interface Views extends ViewProvider {
  /** Call for every snapshot, the first complete one included. */
  update(mesh: Mesh, delta: MeshDelta): void;
}

export function createViews(): Views {
  let mesh = emptyMesh;
  const views = new Map<string, SidecarView>();
  const serviceResources = createServiceResources();
  const ready = Promise.withResolvers<void>();
  return {
    ready: ready.promise,
    viewFor(proxy: ProxyIdentity): View {
      const found = views.get(proxy.namespace);
      if (found !== undefined) return found;
      const view = createSidecarView(proxy.namespace, mesh, serviceResources);
      views.set(proxy.namespace, view);
      return view;
    },
    update(next, delta) {
      mesh = next;
      for (const view of views.values()) view.update(next, delta);
      ready.resolve();
    },
  };
}
