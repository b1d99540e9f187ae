// All views of the mesh: one for each scope that a connected proxy is in, made when first asked for and kept up to date with
// every snapshot. Not ready until the first snapshot that holds every source is there.
import type { ProxyIdentity, View, ViewProvider } from '../discovery/view.ts';
import { emptyMesh, type Mesh, type MeshDelta } from '../mesh/mesh.ts';
import type { Capture } from './capture.ts';
import { createGatewayView } from './gateway/gateway-view.ts';
import type { MeshView } from './mesh-view.ts';
import { createProxyParts } from './proxy-capture/proxy-parts.ts';
import { gatewayScope, sidecarScope } from './proxy-scope.ts';
import { createServiceResources } from './service-resources.ts';
import { createSidecarView } from './sidecar-view.ts';
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
  const parts =
    capture.kind === 'proxy'
      ? createProxyParts(capture.portRules)
      : { ...redirectParts, ...(capture.proxies === undefined ? {} : { proxies: capture.proxies }) };
  const views = new Map<string, MeshView>();
  const regrouped = new Set<() => void>();
  const serviceResources = createServiceResources();
  const ready = Promise.withResolvers<void>();

  function viewOf(key: string, create: () => MeshView): MeshView {
    const view = views.get(key) ?? create();
    views.set(key, view);
    return view;
  }

  return {
    ready: ready.promise,
    viewFor(identity: ProxyIdentity): View {
      if (identity.type === 'router') {
        const { key } = gatewayScope(identity);
        return viewOf(key, () => createGatewayView(mesh, { identity, serviceResources, parts }));
      }
      const scope = sidecarScope(identity, mesh);
      return viewOf(scope.key, () => createSidecarView(mesh, { scope, serviceResources, parts }));
    },
    onRegroup(listener) {
      regrouped.add(listener);
      return () => regrouped.delete(listener);
    },
    update(next, delta) {
      mesh = next;
      for (const view of views.values()) view.update(next, delta);
      ready.resolve();
      if (!delta.selectorsChanged) return;
      // Those that were left at an earlier change are nobody's any more.
      for (const [key, view] of views) if (view.isIdle()) views.delete(key);
      for (const listener of regrouped) listener();
    },
  };
}
