import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
import { emptyMesh, updateMesh } from './mesh.ts';
import { createMeshObjects } from './mesh-objects.ts';

function entry(name: string, hosts: readonly string[], fields: object = {}): KubeObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { hosts, ports: [{ number: 80, name: 'http', protocol: 'HTTP' }], resolution: 'DNS', ...fields },
  };
}

test('a change names just the hosts it touches, and older snapshots stay as they were', () => {
  const objects = createMeshObjects();
  const add = (object: KubeObject) => objects.translate([{ type: 'ADDED', object }]);
  const first = updateMesh(emptyMesh, add(entry('one', ['a.test', 'b.test'])));
  assert.deepEqual([...first.delta.hosts].sort(), ['a.test', 'b.test']);
  const second = updateMesh(first.mesh, add(entry('two', ['c.test'])));
  assert.deepEqual([...second.delta.hosts], ['c.test']);
  assert.deepEqual([...first.mesh.services.hosts()].sort(), ['a.test', 'b.test']);
  assert.deepEqual([...second.mesh.services.hosts()].sort(), ['a.test', 'b.test', 'c.test']);
});

test('the next version of an object replaces what it stood for, and its deletion takes it away', () => {
  const objects = createMeshObjects();
  const created = objects.translate([{ type: 'ADDED', object: entry('one', ['a.test']) }]);
  const first = updateMesh(emptyMesh, created).mesh;
  const changed = objects.translate([{ type: 'MODIFIED', object: entry('one', ['b.test']) }]);
  const second = updateMesh(first, changed).mesh;
  assert.deepEqual([...second.services.hosts()], ['b.test']);
  const deleted = objects.translate([{ type: 'DELETED', object: entry('one', ['b.test']) }]);
  assert.deepEqual([...updateMesh(second, deleted).mesh.services.hosts()], []);
});

test('an object that no longer fits its schema keeps its last good meaning', () => {
  const objects = createMeshObjects();
  objects.translate([{ type: 'ADDED', object: entry('one', ['a.test']) }]);
  const broken = { ...entry('one', ['a.test']), spec: { hosts: 7 } };
  assert.deepEqual(objects.translate([{ type: 'MODIFIED', object: broken }]).services, []);
});

test('the mesh object sets the policy, its absence is ALLOW_ANY', () => {
  const objects = createMeshObjects();
  const mesh = (mode?: string): KubeObject => ({
    apiVersion: 'istio.banzaicloud.io/v1beta1',
    kind: 'Istio',
    metadata: { name: 'mesh', namespace: 'istio-system' },
    spec: { version: '1.4.9', ...(mode === undefined ? {} : { outboundTrafficPolicy: { mode } }) },
  });
  const policyAfter = (type: 'MODIFIED' | 'DELETED', object: KubeObject) =>
    objects.translate([{ type, object }]).config?.outboundTrafficPolicy;
  assert.equal(policyAfter('MODIFIED', mesh('REGISTRY_ONLY')), 'REGISTRY_ONLY');
  assert.equal(policyAfter('MODIFIED', mesh()), 'ALLOW_ANY');
  assert.equal(policyAfter('MODIFIED', mesh('nonsense')), undefined);
  assert.equal(policyAfter('DELETED', mesh()), 'ALLOW_ANY');
  const elsewhere = { ...mesh('REGISTRY_ONLY'), metadata: { name: 'other', namespace: 'default' } };
  assert.equal(policyAfter('MODIFIED', elsewhere), undefined);
});

test('a DestinationRule names the hosts that are routed to what it speaks of, and regroups proxies only for new labels', () => {
  const objects = createMeshObjects();
  const object = (kind: string, name: string, spec: object): KubeObject => ({ ...entry(name, []), kind, spec });
  const rule = (name: string, trafficPolicy: object) =>
    object('DestinationRule', name, { host: '*.pool.test', trafficPolicy });
  const routed = object('VirtualService', 'routed', {
    hosts: ['front.test'],
    http: [{ route: [{ destination: { host: 'a.pool.test' } }] }],
  });
  const add = (mesh: typeof emptyMesh, ...added: readonly KubeObject[]) =>
    updateMesh(mesh, objects.translate(added.map((one) => ({ type: 'ADDED', object: one }))));
  const first = add(emptyMesh, entry('pool', ['a.pool.test', 'b.pool.test']), entry('front', ['front.test']), routed);
  const plain = add(first.mesh, rule('one', { loadBalancer: { consistentHash: { httpHeaderName: 'x' } } }));
  assert.deepEqual([...plain.delta.hosts].sort(), ['*.pool.test', 'a.pool.test', 'b.pool.test', 'front.test']);
  assert.equal(plain.delta.selectorsChanged, false);
  const placing = add(plain.mesh, rule('two', { outlierDetection: {} }));
  assert.equal(placing.delta.selectorsChanged, true);
  assert.equal(add(placing.mesh, rule('three', { outlierDetection: {} })).delta.selectorsChanged, false);
});

test('a Kubernetes Service follows its pods', () => {
  const objects = createMeshObjects();
  const service: KubeObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { clusterIP: '10.96.0.1', selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
  const pod = (phase: string, ready = true): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-1', namespace: 'shop', labels: { app: 'web' } },
    spec: { containers: [{ name: 'web' }] },
    status: { phase, podIP: '192.0.2.1', containerStatuses: [{ name: 'web', ready }] },
  });
  const endpointsAfter = (object: KubeObject) =>
    objects
      .translate([{ type: 'ADDED', object }])
      .services.flatMap(({ after }) => after.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)));
  assert.deepEqual(endpointsAfter(service), []);
  assert.deepEqual(endpointsAfter(pod('Running')), ['192.0.2.1']);
  assert.deepEqual(endpointsAfter(pod('Running', false)), []);
  assert.deepEqual(endpointsAfter(pod('Running')), ['192.0.2.1']);
  assert.deepEqual(endpointsAfter(pod('Failed')), []);
});

test('names such as constructor are data', () => {
  const objects = createMeshObjects();
  const odd = { ...entry('entry', ['a.test']), metadata: { name: 'constructor', namespace: 'constructor' } };
  const { mesh } = updateMesh(emptyMesh, objects.translate([{ type: 'ADDED', object: odd }]));
  assert.deepEqual(
    mesh.services.get('a.test').map(({ name, namespace }) => [name, namespace]),
    [['constructor', 'constructor']],
  );
  for (const host of ['__proto__', 'constructor', 'toString']) assert.deepEqual(mesh.services.get(host), []);
});
