import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
import { createAllocatedAddresses } from '../mesh/allocated-addresses.ts';
import { emptyMesh, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import { createDnsRecords } from './dns-records.ts';

const service: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { clusterIP: '10.96.0.1', ports: [{ port: 80 }] },
};
const entry: KubeObject = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  // What it says of addresses counts for everyone.
  metadata: { name: 'entry', namespace: 'istio-system' },
  spec: { hosts: ['a.test'], ports: [{ number: 80, name: 'http', protocol: 'HTTP' }], resolution: 'DNS' },
};

const entryWith = (spec: object): KubeObject => ({ ...entry, spec: { ...Object(entry.spec), ...spec } });

function recordsOf(...objects: readonly KubeObject[]) {
  const translator = createMeshObjects({ addresses: createAllocatedAddresses() });
  const events = objects.map((object) => ({ type: 'ADDED' as const, object }));
  const { mesh, delta } = updateMesh(emptyMesh, translator.translate(events));
  return createDnsRecords().update(mesh, delta);
}

const database = [{ number: 5432, name: 'tcp', protocol: 'TCP' }];

test('hosts with an address lead programs there, those of NONE only where nobody else knows the name', () => {
  const addresses = ['192.0.2.1', '192.0.2.0/24'];
  const declared = entryWith({ hosts: ['*.a.test'], addresses: ['192.0.2.1'] });
  assert.deepEqual(recordsOf(declared), [{ name: '*.a.test', addresses: ['192.0.2.1'], forPrograms: true }]);
  assert.deepEqual(recordsOf(entryWith({ resolution: 'NONE', addresses })), [
    { name: 'a.test', addresses: ['192.0.2.1'], forPrograms: true, unlessKnown: true },
  ]);
  assert.deepEqual(recordsOf(entryWith({ resolution: 'NONE', addresses: ['192.0.2.0/24', '2001:db8::1'] })), []);
  const [given] = recordsOf(entryWith({ ports: database })) ?? [];
  assert.match(given?.addresses[0] ?? '', /^240\.240\./);
});

test('a namespace is answered what its own sidecars know under the name', () => {
  const own = { ...entryWith({ ports: database, exportTo: ['.'] }), metadata: { name: 'own', namespace: 'shop' } };
  const everyone = entryWith({ addresses: ['192.0.2.1'] });
  const [forAll, forShop] = recordsOf(own, everyone) ?? [];
  assert.deepEqual(forAll, { name: 'a.test', addresses: ['192.0.2.1'], forPrograms: true });
  assert.deepEqual(forShop?.namespaces, ['shop']);
  assert.deepEqual(recordsOf(everyone, { ...entryWith({}), metadata: { name: 'plain', namespace: 'shop' } })?.[1], {
    name: 'a.test',
    addresses: [],
    namespaces: ['shop'],
  });
});

test('an ExternalName stands for its name', () => {
  const external = {
    ...service,
    spec: { type: 'ExternalName', externalName: 'a.test', ports: [{ name: 'http', port: 80 }] },
  };
  assert.deepEqual(recordsOf(external), [{ name: 'web.shop.svc.cluster.local', addresses: [], aliasOf: 'a.test' }]);
});

test('Services have records, hosts outside have none and cost nothing', () => {
  const objects = createMeshObjects();
  const records = createDnsRecords();
  let mesh = emptyMesh;
  const after = (type: 'ADDED' | 'DELETED', object: KubeObject) => {
    const next = updateMesh(mesh, objects.translate([{ type, object }]));
    mesh = next.mesh;
    return records.update(mesh, next.delta);
  };
  assert.deepEqual(after('ADDED', entry), [], 'the first answer is there, be it empty');
  const web = [{ name: 'web.shop.svc.cluster.local', addresses: ['10.96.0.1'] }];
  assert.deepEqual(after('ADDED', service), web);
  assert.equal(after('DELETED', entry), undefined);
  assert.deepEqual(after('DELETED', service), []);
});
