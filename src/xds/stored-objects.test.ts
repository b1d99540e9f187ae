// Properties of views of what the store has, for the kinds that become part of one another on the way (delegates, workloads,
// addresses that somebody wrote): one by one ends where at once ends, in whichever order; what a route names exists; whatever
// passes validation gets through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { decodeObject } from '../api/decode.ts';
import { changedObject, documentChange, goodDocuments } from '../api/kinds/changed-documents.fixture.ts';
import { type KubeObject, keyOf, keyString } from '../api/object.ts';
import { typeUrls } from '../discovery/view.ts';
import { VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { createAllocatedAddresses } from '../mesh/allocated-addresses.ts';
import { emptyMesh, type Mesh, type MeshDelta, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import { isVisible } from '../mesh/visibility.ts';
import type { WatchEvent } from '../store/store.ts';
import { storedObject, storedObjects } from './testing/arbitrary-objects.ts';
import { clustersOf, contents, views } from './testing/property-views.ts';

const seed = 20_260_101;
const numRuns = 100;

interface Following {
  mesh(): Mesh;
  /** As one transaction. */
  take(events: readonly WatchEvent[]): MeshDelta;
}

function follow(): Following {
  const objects = createMeshObjects({ addresses: createAllocatedAddresses() });
  let mesh = emptyMesh;
  return {
    mesh: () => mesh,
    take(events) {
      const next = updateMesh(mesh, objects.translate(events));
      mesh = next.mesh;
      return next.delta;
    },
  };
}

function meshOf(objects: readonly KubeObject[]): Mesh {
  const following = follow();
  following.take(objects.map(added));
  return following.mesh();
}

function added(object: KubeObject): WatchEvent {
  return { type: 'ADDED', object };
}

const steps = fc.array(fc.record({ object: storedObject, gone: fc.nat(3).map((one) => one === 0) }), { maxLength: 12 });

for (const [name, viewOf] of Object.entries(views)) {
  test(`${name}: objects that come, change and go one by one end where those that stay end at once`, () => {
    fc.assert(
      fc.property(storedObjects, steps, (first, later) => {
        const following = follow();
        following.take(first.map(added));
        const view = viewOf(following.mesh());
        const held = new Map(contents(view));
        view.subscribe(({ types }) => {
          for (const [type, { updated, removed }] of types) {
            for (const gone of removed) held.delete(`${type} ${gone}`);
            for (const resource of updated) held.set(`${type} ${resource.name}`, resource.version);
          }
        });
        const state = new Map(first.map((object) => [keyString(keyOf(object)), object]));
        for (const { object, gone } of later) {
          const key = keyString(keyOf(object));
          const previous = state.get(key);
          if (gone && previous === undefined) continue;
          if (gone) state.delete(key);
          else state.set(key, object);
          const type = gone ? 'DELETED' : previous === undefined ? 'ADDED' : 'MODIFIED';
          const delta = following.take([{ type, object: gone && previous !== undefined ? previous : object }]);
          view.update(following.mesh(), delta);
        }
        const expected = contents(viewOf(meshOf([...state.values()])));
        assert.deepEqual(contents(view), expected);
        assert.deepEqual(new Map([...held].sort(([a], [b]) => (a < b ? -1 : 1))), expected);
      }),
      { seed, numRuns },
    );
  });

  test(`${name}: the order of stored objects does not matter`, () => {
    fc.assert(
      fc.property(storedObjects, (objects) => {
        const expected = contents(viewOf(meshOf(objects)));
        assert.deepEqual(contents(viewOf(meshOf(objects.toReversed()))), expected);
        const following = follow();
        for (const object of objects.toReversed()) following.take([added(object)]);
        assert.deepEqual(contents(viewOf(following.mesh())), expected);
      }),
      { seed, numRuns },
    );
  });
}

test('clusters of merged rules exist, and delegates are met', () => {
  let merged = 0;
  let behind = 0;
  let led = 0;
  fc.assert(
    fc.property(storedObjects, (objects) => {
      const mesh = meshOf(objects);
      merged += [...mesh.virtualServices.hosts()].filter((host) =>
        mesh.virtualServices.get(host).some(({ delegates }) => delegates.length > 0),
      ).length;
      behind += [...mesh.services.hosts()].filter((host) =>
        mesh.services.get(host).some(({ workloads, endpoints }) => workloads !== undefined && endpoints.length > 0),
      ).length;
      for (const viewOf of Object.values(views)) {
        const view = viewOf(mesh);
        for (const { bytes } of view.resources(typeUrls.virtualHost).values()) {
          for (const { action } of fromBinary(VirtualHostSchema, bytes).routes) {
            if (action.case !== 'route') continue;
            for (const cluster of clustersOf(action.value)) {
              if (!isThere(mesh, cluster)) continue;
              led += 1;
              assert.ok(view.resources(typeUrls.cluster).has(cluster), cluster);
            }
          }
        }
      }
    }),
    { seed, numRuns },
  );
  const enough = [merged, behind, led].every((count) => count > numRuns / 10);
  assert.ok(enough, `${merged} merged, ${behind} with workloads, ${led} clusters`);
});

/** A rule may name what is not there; and what is without endpoints and cannot be resolved has no cluster. */
function isThere({ services }: Mesh, cluster: string): boolean {
  const [, port, , host = ''] = cluster.split('|');
  const [only, ...others] = services.get(host);
  if (only === undefined || others.length > 0 || !isVisible(only.visibility, 'default')) return false;
  if (only.resolution === 'DNS' && only.workloads !== undefined) return false;
  return only.ports.some(({ number }) => String(number) === port);
}

/** Who chooses the changed documents: by their name, or by their label. */
const relatives = [
  { host: 'web.shop.test', delegate: 'a' },
  { host: 'a.example', delegate: 'gone' },
].map(({ host, delegate }) =>
  placed('VirtualService', delegate, { hosts: [host], http: [{ delegate: { name: delegate } }] }),
);
relatives.push(
  placed('ServiceEntry', 'b', {
    hosts: ['b.example'],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    resolution: 'STATIC',
    workloadSelector: { labels: { a: 'b' } },
  }),
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a', namespace: 'shop' },
    spec: { ports: [{ name: 'http', port: 80 }] },
  },
);

function placed(kind: string, name: string, spec: object): KubeObject {
  return { apiVersion: 'networking.istio.io/v1', kind, metadata: { name: `of-${name}`, namespace: 'shop' }, spec };
}

for (const [what, document] of Object.entries(goodDocuments)) {
  test(`a changed ${what} that is accepted is made into a view`, () => {
    let accepted = 0;
    fc.assert(
      fc.property(storedObjects, fc.array(documentChange, { maxLength: 3 }), (others, changes) => {
        const { object } = decodeObject(changedObject(document, changes));
        if (object === undefined) return;
        accepted += 1;
        const mesh = meshOf([...others, ...relatives, object]);
        for (const viewOf of Object.values(views)) contents(viewOf(mesh));
      }),
      { seed, numRuns },
    );
    assert.ok(accepted > numRuns / 5, `${accepted} of ${numRuns} were accepted`);
  });
}
