// Delegates follow their objects: whatever comes, changes and goes, in whatever order, the roots are what they would be if all
// had been there at once, and only those are touched that name what changed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { virtualServiceKind } from '../api/kinds/virtual-service.ts';
import type { KubeObject } from '../api/object.ts';
import type { WatchEvent } from '../store/store.ts';
import { emptyMesh, updateMesh } from './mesh.ts';
import { createMeshObjects } from './mesh-objects.ts';

function object(name: string, spec: Readonly<Record<string, unknown>>): KubeObject {
  const metadata = { namespace: 'default', name, creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'networking.istio.io/v1', kind: virtualServiceKind.kind, metadata, spec };
}

const names = ['one', 'two', 'three', 'four'] as const;
const rule = fc.oneof(
  fc.constantFrom(...names).map((name) => ({ match: [{ uri: { prefix: '/a' } }], delegate: { name } })),
  fc.constantFrom('/a/b', '/c').map((prefix) => ({
    match: [{ uri: { prefix } }],
    route: [{ destination: { host: 'b.test' } }],
  })),
);
const change = fc.record({
  name: fc.constantFrom(...names),
  gone: fc.boolean(),
  hosts: fc.constantFrom([], ['a.test'], ['b.test', '*.c.test']),
  http: fc.array(rule, { minLength: 1, maxLength: 2 }),
  exportTo: fc.constantFrom(['*'], ['other']),
});

function eventOf({
  name,
  gone,
  hosts,
  http,
  exportTo,
}: typeof change extends fc.Arbitrary<infer T> ? T : never): WatchEvent {
  const spec = { ...(hosts.length === 0 ? {} : { hosts }), http, exportTo };
  return { type: gone ? 'DELETED' : 'MODIFIED', object: object(name, spec) };
}

function contents(batches: readonly (readonly WatchEvent[])[]) {
  const objects = createMeshObjects();
  const mesh = batches.reduce((before, events) => updateMesh(before, objects.translate(events)).mesh, emptyMesh);
  const hosts = [...mesh.virtualServices.hosts()].sort();
  return hosts.map((host) => [host, mesh.virtualServices.get(host)]);
}

test('one by one ends where all at once and where only the last of each ends', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
      const events = changes.map(eventOf);
      const last = new Map(events.map((event) => [event.object.metadata.name, event]));
      const stepwise = contents(events.map((event) => [event]));
      assert.deepEqual(contents([events]), stepwise);
      assert.deepEqual(contents([[...last.values()]]), stepwise);
      assert.deepEqual(contents([[...last.values()].toReversed()]), stepwise);
    }),
    { seed: 20_260_101, numRuns: 200 },
  );
});

test('a delegate touches the hosts of the roots that name it, and no others', () => {
  const to = [{ destination: { host: 'b.test' } }];
  const objects = createMeshObjects();
  const added = (...list: readonly KubeObject[]) =>
    objects.translate(list.map((one) => ({ type: 'ADDED', object: one })));
  const { mesh } = updateMesh(
    emptyMesh,
    added(
      object('naming', { hosts: ['a.test'], http: [{ delegate: { name: 'inner' } }] }),
      object('plain', { hosts: ['c.test'], http: [{ route: to }] }),
    ),
  );
  const { delta } = updateMesh(mesh, added(object('inner', { http: [{ route: to }] })));
  assert.deepEqual([...delta.hosts].sort(), ['a.test', 'b.test']);
  const unnamed = updateMesh(mesh, added(object('unnamed', { http: [{ route: to }] })));
  assert.deepEqual([...unnamed.delta.hosts], []);
});
