// Properties of views: following changes one by one ends where building at once ends; the order of objects does not
// matter; no SNI can name a cluster that goes to the caller's address; what a route names exists. All of it for sidecars
// by each way of capture, and for a gateway.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { type ProxyIdentity, type Resource, typeUrls } from '../discovery/view.ts';
import { Cluster_DiscoveryType, ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { type RouteAction, VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../envoy/gen/envoy/config/route/v3/route_pb.js';
import { type Mesh, type MeshChange, updateMesh } from '../mesh/mesh.ts';
import { isVisible } from '../mesh/visibility.ts';
import { createGatewayView } from './gateway/gateway-view.ts';
import type { MeshView } from './mesh-view.ts';
import { createProxyParts } from './proxy-capture/proxy-parts.ts';
import { sidecarScope } from './proxy-scope.ts';
import { createServiceResources } from './service-resources.ts';
import { createSidecarView } from './sidecar-view.ts';
import {
  additions,
  type MeshContents,
  meshContents,
  meshOf,
  removals,
  replacements,
  reversed,
  trafficPolicy,
  varied,
} from './testing/arbitrary-mesh.ts';
import { redirectParts, type ViewParts } from './view-parts.ts';

const seed = 20_260_101;

function identity(type: ProxyIdentity['type'], labels: Readonly<Record<string, string>>): ProxyIdentity {
  return { namespace: 'default', name: 'p', workload: 'p', serviceAccount: 'default', labels, type, nodeId: 'p' };
}

type ViewOf = (mesh: Mesh) => MeshView;

/** Labels are asked for all the time, so that the scope that a view was made for must not depend on what is there. */
function sidecar(parts: ViewParts): ViewOf {
  return (mesh) => {
    const matches = (selector: ReadonlyMap<string, string>) => selector.get('app') === 'echo';
    const label = (key: string) => (key === 'istio-locality' ? 'near.one' : undefined);
    const scope = { ...sidecarScope(identity('sidecar', { app: 'echo' }), mesh), matches, label };
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

const views: Readonly<Record<string, ViewOf>> = {
  redirect: sidecar(redirectParts),
  proxy: sidecar(proxyParts),
  gateway: gateway(redirectParts),
  'gateway, proxy': gateway(proxyParts),
};

/** Every resource by type and name, with its version: equal exactly for the same content. */
function contents(view: MeshView): ReadonlyMap<string, string> {
  const entries = Object.values(typeUrls).flatMap((type) =>
    [...view.resources(type).values()].map(({ name, version }) => [`${type} ${name}`, version] as const),
  );
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Course {
  readonly steps: readonly MeshChange[];
  readonly end: MeshContents;
}

const courses = fc.constantFrom<(first: MeshContents, second: MeshContents) => Course>(
  (first, second) => ({ steps: [...additions(second), ...removals(first)], end: second }),
  (first, second) => ({ steps: replacements(first, second), end: second }),
  (first) => towards(first, varied(first, 'endpoints')),
  (first) => towards(first, varied(first, 'ports')),
);

function towards(first: MeshContents, end: MeshContents): Course {
  return { steps: replacements(first, end), end };
}

function check<Ts>(property: fc.IProperty<Ts>): void {
  fc.assert(property, { seed, numRuns: 200 });
}

for (const [name, viewOf] of Object.entries(views)) {
  test(`${name}: changes one by one end where building at once ends, and the deltas say so`, () => {
    check(
      fc.property(
        meshContents,
        meshContents,
        courses,
        trafficPolicy,
        trafficPolicy,
        (first, second, courseOf, before, after) => {
          const { steps, end } = courseOf(first, second);
          let mesh = meshOf(first, before);
          const view = viewOf(mesh);
          const held = new Map(contents(view));
          view.subscribe(({ types }) => {
            for (const [type, { updated, removed }] of types) {
              for (const gone of removed) held.delete(`${type} ${gone}`);
              for (const resource of updated) held.set(`${type} ${resource.name}`, resource.version);
            }
          });
          const config = { ...mesh.config, outboundTrafficPolicy: after };
          for (const step of [{}, ...steps]) {
            const next = updateMesh(mesh, { ...step, config });
            mesh = next.mesh;
            view.update(mesh, next.delta);
          }
          const expected = contents(viewOf(meshOf(end, after)));
          assert.deepEqual(contents(view), expected);
          assert.deepEqual(new Map([...held].sort(([a], [b]) => (a < b ? -1 : 1))), expected);
        },
      ),
    );
  });

  test(`${name}: the order of objects does not matter`, () => {
    check(
      fc.property(meshContents, trafficPolicy, (objects, mode) => {
        assert.deepEqual(contents(viewOf(meshOf(objects, mode))), contents(viewOf(meshOf(reversed(objects), mode))));
      }),
    );
  });

  test(`${name}: no SNI names a cluster that goes to the address the caller chose`, () => {
    check(
      fc.property(meshContents, trafficPolicy, (objects, mode) => {
        for (const cluster of decoded(viewOf(meshOf(objects, mode)))) {
          const original = cluster.clusterDiscoveryType.value === Cluster_DiscoveryType.ORIGINAL_DST;
          if (original) assert.doesNotMatch(cluster.name, /^outbound\|\d+\|\|/);
        }
      }),
    );
  });

  test(`${name}: domains of a port stand once, and their clusters exist`, () => {
    check(
      fc.property(meshContents, trafficPolicy, (objects, mode) => {
        const view = viewOf(meshOf(objects, mode));
        const seen = new Set<string>();
        let mirrored = false;
        for (const resource of view.resources(typeUrls.virtualHost).values()) {
          const { domains, routes } = fromBinary(VirtualHostSchema, resource.bytes);
          const [route] = resource.name.split('/');
          for (const domain of domains) {
            assert.ok(!seen.has(`${route} ${domain}`), `${domain} twice on ${route}`);
            seen.add(`${route} ${domain}`);
          }
          for (const { action } of routes) {
            if (action.case !== 'route') continue;
            mirrored ||= action.value.requestMirrorPolicies.length > 0;
            for (const cluster of clustersOf(action.value)) {
              if (!isLeftOut(objects, cluster)) assert.ok(view.resources(typeUrls.cluster).has(cluster), cluster);
            }
          }
        }
        mirrored ||= [...view.resources(typeUrls.route).values()].some(({ bytes }) => hasMirror(bytes));
        for (const type of [typeUrls.cluster, typeUrls.listener]) {
          assert.equal(view.resources(type).has('mirrors'), mirrored, 'the way of copies is there where there are any');
        }
      }),
    );
  });
}

/** Of a route, and of the copies that it makes. */
function clustersOf({ clusterSpecifier, requestMirrorPolicies }: RouteAction): readonly string[] {
  const { value } = clusterSpecifier;
  const copied = requestMirrorPolicies.flatMap(({ requestHeadersMutations }) =>
    requestHeadersMutations.map(({ action }) => (action.case === 'append' ? (action.value.header?.value ?? '') : '')),
  );
  if (typeof value === 'string') return [value, ...copied];
  return [...(value !== undefined && 'clusters' in value ? value.clusters.map(({ name }) => name) : []), ...copied];
}

function hasMirror(bytes: Uint8Array): boolean {
  return fromBinary(RouteConfigurationSchema, bytes).virtualHosts.some(({ routes }) =>
    routes.some(({ action }) => action.case === 'route' && action.value.requestMirrorPolicies.length > 0),
  );
}

function decoded(view: MeshView) {
  return [...view.resources(typeUrls.cluster).values()].map((resource: Resource) =>
    fromBinary(ClusterSchema, resource.bytes),
  );
}

/**
 * A DNS cluster without endpoints for a wildcard, or for selected workloads, has nothing to resolve; Istio leaves it out
 * too. And a VirtualService may name what is not there: a port, a subset, a host, or one that is exported to others or
 * stands behind another claim.
 */
function isLeftOut({ services }: MeshContents, cluster: string): boolean {
  const [, port, subset, host = ''] = cluster.split('|');
  const claims = services.filter((one) => one.host === host);
  const [only] = claims;
  if (only === undefined || claims.length > 1 || !isVisible(only.visibility, 'default')) return true;
  if (only.resolution === 'DNS' && (host.startsWith('*') || only.workloads !== undefined)) return true;
  const known = only.ports.some(({ number, protocol }) => String(number) === port && protocol !== 'UDP');
  return !known || (subset !== '' && subset !== 'original-destination');
}
