import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
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
  metadata: { name: 'entry', namespace: 'default' },
  spec: { hosts: ['a.test'], ports: [{ number: 80, name: 'http', protocol: 'HTTP' }], resolution: 'DNS' },
};

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
