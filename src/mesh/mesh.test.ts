import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../api/object.ts';
import type { WatchEvent } from '../store/store.ts';
import { emptyMesh, type Mesh, updateMesh } from './mesh.ts';
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
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'tls', namespace: 'shop' } };
  const secrets = (type: 'MODIFIED' | 'DELETED', object: KubeObject) => [
    ...objects.translate([{ type, object }]).secrets.keys(),
  ];
  assert.equal(secrets('MODIFIED', { ...secret, data: { 'tls.crt': 'QQ==' } }).length, 1);
  const unreadable = { ...secret, data: { 'tls.crt': 7 } };
  assert.deepEqual(secrets('MODIFIED', unreadable), []);
  assert.equal(secrets('DELETED', unreadable).length, 1);
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

function sourced(host: string, sourceLabels: object): KubeObject {
  const http = [{ match: [{ sourceLabels }], route: [{ destination: { host } }] }];
  return { ...entry('sourced', []), kind: 'VirtualService', spec: { hosts: ['a.test'], http } };
}

test('labels that rules ask for count from the first of them to the last, and their other changes regroup no proxies', () => {
  const objects = createMeshObjects();
  const steps = [
    { type: 'ADDED', object: sourced('b.test', { app: 'x' }) },
    { type: 'MODIFIED', object: sourced('c.test', { app: 'x' }) },
    { type: 'MODIFIED', object: sourced('c.test', { app: 'y' }) },
    { type: 'DELETED', object: sourced('c.test', { app: 'y' }) },
  ] as const;
  let mesh = emptyMesh;
  const seen = steps.map((event) => {
    const next = updateMesh(mesh, objects.translate([event]));
    mesh = next.mesh;
    return [next.delta.selectorsChanged, ...mesh.selectors.hosts()].join('');
  });
  assert.deepEqual(seen, ['true app=x', 'false app=x', 'true app=y', 'true']);
});

/** Everything that a mesh has, as plain values. */
function contentsOf(mesh: Mesh): unknown {
  const listed = Object.entries(mesh).map(([name, part]) => [
    name,
    'hosts' in part ? [...part.hosts()].sort().map((key: string) => [key, part.get(key)]) : part,
  ]);
  return Object.fromEntries(listed);
}

const names = ['one', 'two', 'three'] as const;
const labels = fc.constantFrom({}, { app: 'x' }, { app: 'y' });
const pick = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const someObject: fc.Arbitrary<KubeObject> = fc
  .oneof(
    fc.record({
      kind: fc.constant('ServiceEntry'),
      spec: pick(['a.test'], ['a.test', 'b.test']).map((hosts) => entry('', hosts).spec),
    }),
    fc.record({
      kind: fc.constant('VirtualService'),
      spec: fc.record({ sourceLabels: labels, host: pick('a.test', 'b.test') }).map(({ sourceLabels, host }) => ({
        hosts: [host],
        gateways: ['mesh', 'one', 'default/one'],
        http: [
          {
            match: [{ sourceLabels }, { sourceLabels, sourceNamespace: 'other' }],
            route: [{ destination: { host: 'b.test' } }],
          },
        ],
      })),
    }),
    fc.record({
      kind: fc.constant('DestinationRule'),
      spec: fc
        .record({
          matchLabels: labels,
          policy: pick({}, { outlierDetection: {} }, { tls: { mode: 'SIMPLE', caCertificates: '/ca' } }),
        })
        .map(({ matchLabels, policy }) => ({
          host: 'b.test',
          workloadSelector: { matchLabels },
          trafficPolicy: policy,
        })),
    }),
    fc.record({ kind: fc.constant('Sidecar'), spec: labels.map((own) => ({ workloadSelector: { labels: own } })) }),
    fc.record({
      kind: fc.constant('Gateway'),
      spec: labels.map((selector) => ({
        selector,
        servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
      })),
    }),
  )
  .chain(({ kind, spec }) => pick(...names).map((name) => ({ ...entry(name, []), kind, spec: spec as object })));

test('after any series of changes the mesh is what the last of them at once make', () => {
  const event = fc.record({ object: someObject, type: pick<WatchEvent['type']>('MODIFIED', 'MODIFIED', 'DELETED') });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), (events) => {
      const objects = createMeshObjects();
      const stepwise = events.reduce((mesh, one) => updateMesh(mesh, objects.translate([one])).mesh, emptyMesh);
      const last = new Map(events.map((one) => [`${one.object.kind} ${one.object.metadata.name}`, one]));
      const atOnce = updateMesh(emptyMesh, createMeshObjects().translate([...last.values()])).mesh;
      const inOne = updateMesh(emptyMesh, createMeshObjects().translate(events)).mesh;
      assert.deepEqual(contentsOf(stepwise), contentsOf(atOnce));
      assert.deepEqual(contentsOf(inOne), contentsOf(atOnce));
    }),
    { seed: 20_260_101, numRuns: 300 },
  );
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

test('who is behind a service is nothing to the hosts that are routed to it, its ports are', () => {
  const objects = createMeshObjects();
  const http = [{ route: [{ destination: { host: 'pool.test' } }] }];
  const routed: KubeObject = { ...entry('v', []), kind: 'VirtualService', spec: { hosts: ['front.test'], http } };
  const pool = (address: string, number: number) =>
    entry('pool', ['pool.test'], {
      ports: [{ number, name: 'http', protocol: 'HTTP' }],
      resolution: 'STATIC',
      endpoints: [{ address }],
    });
  let mesh = emptyMesh;
  const hostsAfter = (...changed: readonly KubeObject[]) => {
    const next = updateMesh(mesh, objects.translate(changed.map((object) => ({ type: 'MODIFIED', object }))));
    mesh = next.mesh;
    return [...next.delta.hosts].sort();
  };
  hostsAfter(routed, pool('192.0.2.1', 80));
  assert.deepEqual(hostsAfter(pool('192.0.2.2', 80)), ['pool.test']);
  assert.deepEqual(hostsAfter(pool('192.0.2.2', 81)), ['front.test', 'pool.test']);
  assert.deepEqual(hostsAfter(pool('192.0.2.2', 82), pool('192.0.2.3', 82)), ['front.test', 'pool.test']);
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
