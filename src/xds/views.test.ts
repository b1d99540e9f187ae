// Properties of views: following changes one by one ends where building at once ends; the order of objects does not
// matter; no SNI can name a cluster that goes to the caller's address; what a route names exists. All of it for sidecars
// by each way of capture, and for a gateway.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { isUnder } from '../api/host-name.ts';
import { type Resource, typeUrls } from '../discovery/view.ts';
import { Cluster_DiscoveryType, ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../envoy/gen/envoy/config/route/v3/route_pb.js';
import { emptyMesh, type Mesh, type MeshChange, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import { refusalOf } from '../mesh/tenancy.ts';
import { isVisible } from '../mesh/visibility.ts';
import type { MeshView } from './mesh-view.ts';
import { type MeshContents, meshContents, reversed, trafficPolicy, varied } from './testing/arbitrary-mesh.ts';
import { additions, meshOf, removals, replacements } from './testing/mesh-changes.ts';
import { clustersOf, contents, views } from './testing/property-views.ts';

const seed = 20_260_101;

interface Course {
  readonly steps: readonly MeshChange[];
  readonly end: MeshContents;
}

const courses = fc.constantFrom<(first: MeshContents, second: MeshContents) => Course>(
  (first, second) => ({ steps: [...additions(second), ...removals(withoutGrantsOf(second, first))], end: second }),
  (first, second) => ({ steps: replacements(first, second), end: second }),
  (first) => towards(first, varied(first, 'endpoints')),
  (first) => towards(first, varied(first, 'ports')),
);

/** A Namespace of both is there only once. */
function withoutGrantsOf({ grants }: MeshContents, contents: MeshContents): MeshContents {
  const isOther = ({ namespace }: MeshContents['grants'][number]) => grants.every((one) => one.namespace !== namespace);
  return { ...contents, grants: contents.grants.filter(isOther) };
}

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
        const mesh = meshOf(objects, mode);
        const view = viewOf(mesh);
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
              if (!isLeftOut(objects, mesh, cluster)) assert.ok(view.resources(typeUrls.cluster).has(cluster), cluster);
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

test('a host whose paths an EgressPolicy judges leaves nothing of that on a port that it has no more', () => {
  const objects = createMeshObjects();
  const object = (apiVersion: string, kind: string, creationTimestamp: string, spec: object) =>
    ({
      type: 'MODIFIED',
      object: { apiVersion, kind, metadata: { name: 'a', namespace: 'default', creationTimestamp }, spec },
    }) as const;
  const policy = { hosts: ['a.test'], paths: ['/a/*'], mode: 'report' };
  // Stands before what the policy registers, and is not merged with it.
  const on = (number: number) => {
    const entry = { hosts: ['a.test'], ports: [{ number, name: 'p', protocol: 'HTTP' }], resolution: 'STATIC' };
    return objects.translate([
      object('networking.istio.io/v1', 'ServiceEntry', '2026-01-01T00:00:00Z', entry),
      object('egress.sallyport.dev/v1alpha1', 'EgressPolicy', '2026-01-02T00:00:00Z', policy),
    ]);
  };
  const viewOf = views['redirect'];
  assert.ok(viewOf);
  const first = updateMesh(emptyMesh, on(80)).mesh;
  const view = viewOf(first);
  const { mesh, delta } = updateMesh(first, on(8080));
  view.update(mesh, delta);
  assert.deepEqual(contents(view), contents(viewOf(mesh)));
});

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
 * too. And a VirtualService may name what is not there: a port, a subset, a host, or one that is exported to others, does
 * not count here, or stands behind another claim. And what EgressPolicies withhold has no cluster.
 */
function isLeftOut({ services, egressPolicies }: MeshContents, mesh: Mesh, cluster: string): boolean {
  const [, port, subset, host = ''] = cluster.split('|');
  if (egressPolicies.some(({ mode, hosts }) => mode === 'enforce' && hosts.some((one) => isUnder(host, one))))
    return true;
  const claims = services.filter((one) => one.host === host);
  const [only] = claims;
  if (only === undefined || claims.length > 1 || !isVisible(only.visibility, 'default')) return true;
  if (refusalOf(mesh, only, { namespace: 'default', proxy: 'sidecar' }) !== undefined) return true;
  if (only.resolution === 'DNS' && (host.startsWith('*') || only.workloads !== undefined)) return true;
  const known = only.ports.some(({ number, protocol }) => String(number) === port && protocol !== 'UDP');
  return !known || (subset !== '' && subset !== 'original-destination');
}
