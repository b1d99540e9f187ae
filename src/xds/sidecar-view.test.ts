// Properties of a view: following changes one by one ends where building at once ends; the order of objects does not
// matter; no SNI can name a cluster that goes to the caller's address; what a route or chain names exists. All of it for
// each way of capture.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import type { Protocol } from '../api/protocol.ts';
import { type Resource, typeUrls } from '../discovery/view.ts';
import { Cluster_DiscoveryType, ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { emptyMesh, type Mesh, updateMesh } from '../mesh/mesh.ts';
import type { OutboundTrafficPolicy } from '../mesh/mesh-config.ts';
import type { Resolution, Service } from '../mesh/service.ts';
import { visibilityOf } from '../mesh/visibility.ts';
import { createProxyParts } from './proxy-capture/proxy-parts.ts';
import { createServiceResources } from './service-resources.ts';
import { createSidecarView, type SidecarView } from './sidecar-view.ts';

const seed = 20_260_101;
const namespaces = ['default', 'other', 'third'] as const;
const hosts = ['a.test', 'b.test', 'c.wild.test', '*.wild.test', 'web', 'web.shop.svc.cluster.local'] as const;

const port = fc.record({
  number: fc.constantFrom(80, 443, 3306, 8080),
  name: fc.constant('p'),
  protocol: fc.constantFrom<Protocol>('HTTP', 'GRPC', 'TLS', 'HTTPS', 'TCP', 'auto', 'UDP'),
});

const service: fc.Arbitrary<Service> = fc
  .record({
    host: fc.constantFrom(...hosts),
    source: fc.constantFrom<Service['source']>('ServiceEntry', 'Service'),
    namespace: fc.constantFrom(...namespaces),
    name: fc.constantFrom('one', 'two', 'three', 'four'),
    createdAt: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
    exportTo: fc.constantFrom(['*'], ['.'], ['other']),
    resolution: fc.constantFrom<Resolution>('NONE', 'STATIC', 'DNS', 'DYNAMIC_DNS', 'CLUSTER_IP'),
    addresses: fc.constantFrom([], ['192.0.2.1'], ['192.0.2.0/24'], ['192.0.2.1', '192.0.2.2']),
    ports: fc.uniqueArray(port, { minLength: 1, maxLength: 3, selector: ({ number }) => number }),
    aliases: fc.constantFrom([], ['web'], ['web.shop']),
  })
  .map(({ exportTo, ...rest }) => ({
    ...rest,
    localAliases: [],
    visibility: visibilityOf(exportTo, rest.namespace),
    external: true,
    endpoints: [],
    subjectAltNames: [],
    trustOriginalDestination: false,
    raceFirstConnect: false,
  }));

/** At most one service for an object's name and host, as the store would have it. */
const registry = fc.uniqueArray(service, {
  maxLength: 8,
  selector: ({ source, namespace, name, host }) => `${source} ${namespace} ${name} ${host}`,
});
const policy: fc.Arbitrary<OutboundTrafficPolicy> = fc.constantFrom('ALLOW_ANY', 'REGISTRY_ONLY');

function meshOf(services: readonly Service[], outboundTrafficPolicy: OutboundTrafficPolicy): Mesh {
  return updateMesh(emptyMesh, [{ before: [], after: services }], { ...emptyMesh.config, outboundTrafficPolicy }).mesh;
}

type ViewOf = (mesh: Mesh) => SidecarView;

const captures: Readonly<Record<string, ViewOf>> = {
  redirect: (mesh) => createSidecarView('default', mesh, createServiceResources()),
  proxy: (mesh) => createSidecarView('default', mesh, createServiceResources('proxy'), proxyParts),
};

/** Rules for a registered host, for one below a wildcard, and for one that is neither. */
const proxyParts = createProxyParts(
  ['a.test', 'c.wild.test', 'd.wild.test', 'nowhere.test'].map((host) => ({
    host,
    port: 443,
    address: '192.0.2.99',
    targetPort: 8443,
  })),
);

/** Every resource by type and name, with its version: equal exactly for the same content. */
function contents(view: SidecarView): ReadonlyMap<string, string> {
  const entries = Object.values(typeUrls).flatMap((type) =>
    [...view.resources(type).values()].map(({ name, version }) => [`${type} ${name}`, version] as const),
  );
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function check<Ts>(property: fc.IProperty<Ts>): void {
  fc.assert(property, { seed, numRuns: 300 });
}

for (const [capture, viewOf] of Object.entries(captures)) {
  test(`${capture}: changes one by one end where building at once ends, and the deltas say so`, () => {
    check(
      fc.property(registry, registry, policy, policy, (first, second, before, after) => {
        const start = meshOf(first, before);
        const view = viewOf(start);
        const held = new Map(contents(view));
        view.subscribe(({ types }) => {
          for (const [type, { updated, removed }] of types) {
            for (const name of removed) held.delete(`${type} ${name}`);
            for (const { name, version } of updated) held.set(`${type} ${name}`, version);
          }
        });
        let mesh = start;
        const steps = [
          ...second.map((added) => ({ before: [], after: [added] })),
          ...first.map((removed) => ({ before: [removed], after: [] })),
        ];
        for (const step of steps) {
          const next = updateMesh(mesh, [step], { ...mesh.config, outboundTrafficPolicy: after });
          mesh = next.mesh;
          view.update(mesh, next.delta);
        }
        const expected = contents(viewOf(steps.length === 0 ? start : meshOf(second, after)));
        assert.deepEqual(contents(view), expected);
        assert.deepEqual(new Map([...held].sort(([a], [b]) => (a < b ? -1 : 1))), expected);
      }),
    );
  });

  test(`${capture}: the order of objects does not matter`, () => {
    check(
      fc.property(registry, policy, (services, mode) => {
        assert.deepEqual(
          contents(viewOf(meshOf(services, mode))),
          contents(viewOf(meshOf(services.toReversed(), mode))),
        );
      }),
    );
  });

  test(`${capture}: no SNI names a cluster that goes to the address the caller chose`, () => {
    check(
      fc.property(registry, policy, (services, mode) => {
        const view = viewOf(meshOf(services, mode));
        for (const cluster of decoded(view)) {
          const original = cluster.clusterDiscoveryType.value === Cluster_DiscoveryType.ORIGINAL_DST;
          if (original) assert.doesNotMatch(cluster.name, /^outbound\|\d+\|\|/);
        }
      }),
    );
  });

  test(`${capture}: domains of a port stand once, and their clusters exist`, () => {
    check(
      fc.property(registry, policy, (services, mode) => {
        const view = viewOf(meshOf(services, mode));
        const seen = new Set<string>();
        for (const resource of view.resources(typeUrls.virtualHost).values()) {
          const { domains, routes } = fromBinary(VirtualHostSchema, resource.bytes);
          const [route] = resource.name.split('/');
          for (const domain of domains) {
            assert.ok(!seen.has(`${route} ${domain}`), `${domain} twice on ${route}`);
            seen.add(`${route} ${domain}`);
          }
          for (const { action } of routes) {
            const cluster = action.case === 'route' ? action.value.clusterSpecifier.value : undefined;
            if (typeof cluster !== 'string' || isLeftOut(services, cluster)) continue;
            assert.ok(view.resources(typeUrls.cluster).has(cluster), cluster);
          }
        }
      }),
    );
  });
}

function decoded(view: SidecarView) {
  return [...view.resources(typeUrls.cluster).values()].map((resource: Resource) =>
    fromBinary(ClusterSchema, resource.bytes),
  );
}

/** A DNS cluster for a wildcard without endpoints has nothing to resolve; Istio leaves it out too. */
function isLeftOut(services: readonly Service[], cluster: string): boolean {
  return services.some(
    ({ host, resolution }) => resolution === 'DNS' && host.startsWith('*') && cluster.endsWith(host),
  );
}
