// Which VirtualService speaks for a host (istio-semantics 3.1), and how names are completed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../api/object.ts';
import { emptyMesh, type Mesh, updateMesh } from './mesh.ts';
import { createMeshObjects } from './mesh-objects.ts';
import { selectVirtualService } from './select-virtual-service.ts';

interface Given {
  readonly namespace: string;
  readonly hosts: readonly string[];
  readonly gateways?: readonly string[];
  readonly exportTo?: readonly string[];
}

function meshOf(given: readonly Given[]): Mesh {
  const objects = given.map(
    ({ namespace, ...spec }, index): KubeObject => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: `v${index}`, namespace, creationTimestamp: `2026-01-01T00:00:0${index}Z` },
      spec: { ...spec, http: [{ route: [{ destination: { host: 'web' } }] }] },
    }),
  );
  const change = createMeshObjects().translate(objects.map((object) => ({ type: 'ADDED', object })));
  // Who may speak for whose hosts is another question (tenancy.test.ts).
  const config = { ...emptyMesh.config, crossNamespace: 'istio' } as const;
  return updateMesh(emptyMesh, { ...change, config }).mesh;
}

const host = 'api.example.com';
const table: readonly (readonly [string, readonly Given[], string | undefined])[] = [
  [
    'the oldest of one host',
    [
      { namespace: 'b', hosts: [host] },
      { namespace: 'a', hosts: [host] },
    ],
    'v0',
  ],
  [
    'one of the namespace’s own that is private before an older public one',
    [
      { namespace: 'b', hosts: [host] },
      { namespace: 'app', hosts: [host], exportTo: ['.'] },
    ],
    'v1',
  ],
  [
    'one exported to the namespace by name before an older public one',
    [
      { namespace: 'b', hosts: [host] },
      { namespace: 'c', hosts: [host], exportTo: ['app'] },
    ],
    'v1',
  ],
  [
    'the most specific host',
    [
      { namespace: 'app', hosts: ['*.com'] },
      { namespace: 'app', hosts: ['*.example.com'] },
    ],
    'v1',
  ],
  ['not one that is bound to gateways only', [{ namespace: 'app', hosts: [host], gateways: ['egress'] }], undefined],
  ['one that is bound to both', [{ namespace: 'app', hosts: [host], gateways: ['egress', 'mesh'] }], 'v0'],
  ['not one that others keep for themselves', [{ namespace: 'b', hosts: [host], exportTo: ['.'] }], undefined],
];

for (const [name, given, expected] of table) {
  test(name, () => {
    assert.equal(selectVirtualService(meshOf(given), host, { namespace: 'app', proxy: 'sidecar' })?.name, expected);
  });
}

test('short names are Services of the object’s namespace, bare gateways are its own', () => {
  const mesh = meshOf([
    { namespace: 'shop', hosts: ['web', 'WEB.example.com.'], gateways: ['front', 'other/back', 'mesh'] },
  ]);
  const [found] = mesh.virtualServices.get('web.shop.svc.cluster.local');
  assert.deepEqual(found?.hosts, ['web.shop.svc.cluster.local', 'web.example.com']);
  assert.deepEqual(found?.gateways, ['shop/front', 'other/back', 'mesh']);
  assert.deepEqual(mesh.boundTo.get('shop/front'), [found]);
  assert.deepEqual(mesh.routedTo.get('web.shop.svc.cluster.local'), [found]);
});

test('a change of a service names the hosts that are routed to it', () => {
  const objects = createMeshObjects();
  const first = objects.translate([
    {
      type: 'ADDED',
      object: {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: 'v', namespace: 'app' },
        spec: { hosts: ['*.example.com', host], http: [{ route: [{ destination: { host: 'to.example.org' } }] }] },
      },
    },
  ]);
  const before = updateMesh(emptyMesh, first).mesh;
  const entry = (name: string, hosts: readonly string[]): KubeObject => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'app' },
    spec: { hosts, ports: [{ number: 80, name: 'http', protocol: 'HTTP' }], resolution: 'DNS' },
  });
  const other = updateMesh(before, objects.translate([{ type: 'ADDED', object: entry('a', ['a.example.com']) }]));
  assert.deepEqual([...other.delta.hosts], ['a.example.com']);
  const routed = updateMesh(other.mesh, objects.translate([{ type: 'ADDED', object: entry('b', ['to.example.org']) }]));
  assert.deepEqual([...routed.delta.hosts].sort(), ['*.example.com', 'a.example.com', host, 'to.example.org'].sort());
});
