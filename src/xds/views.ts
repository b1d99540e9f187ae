// All views of the mesh: one for each namespace that a connected sidecar is in, made when first asked for and kept up
// to date with every snapshot. Not ready until the first snapshot that holds every source is there.
import type { ProxyIdentity, View, ViewProvider } from '../discovery/view.ts';
import { emptyMesh, type Mesh, type MeshDelta } from '../mesh/mesh.ts';
import type { Capture } from './capture.ts';
import { createProxyParts } from './proxy-capture/proxy-parts.ts';
import { createServiceResources } from './service-resources.ts';
import { createSidecarView, type SidecarView } from './sidecar-view.ts';
import { redirectParts } from './view-parts.ts';

export interface Views extends ViewProvider {
  /** Call for every snapshot, the first complete one included. */
  update(mesh: Mesh, delta: MeshDelta): void;
}

export interface ViewsOptions {
  /** `redirect` if absent. */
  readonly capture?: Capture;
}

export function createViews({ capture = { kind: 'redirect' } }: ViewsOptions = {}): Views {
  let mesh = emptyMesh;
  const parts = capture.kind === 'proxy' ? createProxyParts(capture.portRules) : redirectParts;
  const views = new Map<string, SidecarView>();
  const serviceResources = createServiceResources(capture.kind);
  const ready = Promise.withResolvers<void>();
  return {
    ready: ready.promise,
    viewFor(proxy: ProxyIdentity): View {
      const found = views.get(proxy.namespace);
      if (found !== undefined) return found;
      const view = createSidecarView(proxy.namespace, mesh, serviceResources, parts);
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
