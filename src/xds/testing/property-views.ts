// The views of which properties are shown: sidecars by each way of capture, and a gateway.
import { type ProxyIdentity, typeUrls } from '../../discovery/view.ts';
import type { RouteAction } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import type { Mesh } from '../../mesh/mesh.ts';
import { createGatewayView } from '../gateway/gateway-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { createProxyParts } from '../proxy-capture/proxy-parts.ts';
import { sidecarScope } from '../proxy-scope.ts';
import { createServiceResources } from '../service-resources.ts';
import { createSidecarView } from '../sidecar-view.ts';
import { redirectParts, type ViewParts } from '../view-parts.ts';

function identity(type: ProxyIdentity['type'], labels: Readonly<Record<string, string>>): ProxyIdentity {
  return { namespace: 'default', name: 'p', workload: 'p', serviceAccount: 'default', labels, type, nodeId: 'p' };
}

type ViewOf = (mesh: Mesh) => MeshView;

/** Labels and the service account are asked for all the time, so that the scope that a view was made for must not depend on what is there. */
function sidecar(parts: ViewParts): ViewOf {
  return (mesh) => {
    const matches = (selector: ReadonlyMap<string, string>) => selector.get('app') === 'echo';
    const label = (key: string) => (key === 'istio-locality' ? 'near.one' : undefined);
    const own = sidecarScope(identity('sidecar', { app: 'echo' }), mesh);
    const scope = { ...own, serviceAccount: 'default', matches, label };
    return createSidecarView(mesh, { scope, serviceResources: createServiceResources(), parts });
  };
}

function gateway(parts: ViewParts): ViewOf {
  const router = identity('router', { 'gateway-name': 'egress', app: 'echo', 'istio-locality': 'near.one' });
  return (mesh) => createGatewayView(mesh, { identity: router, serviceResources: createServiceResources(), parts });
}

/** Rules for a registered host, for one below a wildcard, and for one that is neither. */
const proxyParts = createProxyParts(
  ['a.test', 'c.wild.test', 'd.wild.test', 'nowhere.test'].map((host) => ({
    host,
    port: 443,
    address: '192.0.2.99',
    targetPort: 8443,
  })),
);

export const views: Readonly<Record<string, ViewOf>> = {
  redirect: sidecar(redirectParts),
  proxy: sidecar(proxyParts),
  gateway: gateway(redirectParts),
  'gateway, proxy': gateway(proxyParts),
};

/** Every resource by type and name, with its version: equal exactly for the same content. */
export function contents(view: MeshView): ReadonlyMap<string, string> {
  const entries = Object.values(typeUrls).flatMap((type) =>
    [...view.resources(type).values()].map(({ name, version }) => [`${type} ${name}`, version] as const),
  );
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Of a route, and of the copies that it makes. */
export function clustersOf({ clusterSpecifier, requestMirrorPolicies }: RouteAction): readonly string[] {
  const { value } = clusterSpecifier;
  const copied = requestMirrorPolicies.flatMap(({ requestHeadersMutations }) =>
    requestHeadersMutations.map(({ action }) => (action.case === 'append' ? (action.value.header?.value ?? '') : '')),
  );
  if (typeof value === 'string') return [value, ...copied];
  return [...(value !== undefined && 'clusters' in value ? value.clusters.map(({ name }) => name) : []), ...copied];
}
