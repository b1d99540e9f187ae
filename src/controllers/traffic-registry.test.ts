// What clusters, hosts and addresses in counters and records mean, as the mesh would route them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeManifests } from '../api/decode.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import { emptyMesh, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import type { PodStatus } from '../runtime/protocol.ts';
import { createTrafficRegistry } from './traffic-registry.ts';

function registryOf(yaml: string, pods: readonly PodStatus[] = [], proxies: readonly ProxyIdentity[] = []) {
  const events = decodeManifests(yaml, 'test.yaml').objects.map(({ object }) => ({ type: 'ADDED' as const, object }));
  const change = createMeshObjects().translate(events);
  const { mesh } = updateMesh(emptyMesh, change);
  return createTrafficRegistry({ mesh: () => mesh, pods: () => pods, proxies: () => proxies });
}

const asker = { namespace: 'shop', workload: 'web' };

const entries = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: db, namespace: data }
spec:
  hosts: [db.example.com]
  ports: [{ number: 5432, name: tcp, protocol: TCP }]
  resolution: STATIC
  endpoints: [{ address: 192.0.2.5, locality: eu/eu-1 }]
  exportTo: ['.']
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: wild, namespace: shop }
spec:
  hosts: ['*.example.org']
  ports: [{ number: 443, name: tls, protocol: TLS }]
  resolution: DYNAMIC_DNS
`;

test('a host is what the proxy’s namespace knows under that name, with the only address and its locality', () => {
  const registry = registryOf(entries);
  assert.deepEqual(registry.host('data', 'db.example.com', 5432), {
    destination: {
      kind: 'external',
      host: 'db.example.com',
      port: 5432,
      namespace: 'data',
      name: 'db.example.com',
      serviceEntry: 'data/db',
    },
    object: 'ServiceEntry/data/db',
    onlyPeer: { address: '192.0.2.5', locality: 'eu/eu-1' },
    protocol: 'tcp',
  });
  assert.equal(registry.locality('data', 'db.example.com', '192.0.2.5'), 'eu/eu-1');
  assert.equal(registry.host('shop', 'db.example.com', 5432), undefined);
  assert.equal(registry.host('data', 'db.example.com', 80), undefined);
});

test('a port is what the entry says that gave it: outside or not, and who is behind it', () => {
  const entry = (name: string, location: string, number: number, address: string, region: string) => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: data }
spec:
  hosts: [both.example.com]
  location: ${location}
  ports: [{ number: ${number}, name: http-${number}, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: ${address}, locality: ${region} }]
`;
  const outside = entry('outside', 'MESH_EXTERNAL', 80, '192.0.2.5', 'eu');
  const inside = entry('inside', 'MESH_INTERNAL', 8080, '192.0.2.6', 'us');
  for (const both of [`${outside}---${inside}`, `${inside}---${outside}`]) {
    const registry = registryOf(both);
    const told = [80, 8080].map((port) => {
      const { destination, object, onlyPeer } = registry.host('data', 'both.example.com', port) ?? assert.fail();
      return [destination.kind, destination.serviceEntry, object, onlyPeer?.locality];
    });
    assert.deepEqual(told, [
      ['external', 'data/outside', 'ServiceEntry/data/outside', 'eu'],
      ['service', 'data/inside', 'ServiceEntry/data/inside', 'us'],
    ]);
    const localities = ['192.0.2.5', '192.0.2.6'].map((at) => registry.locality('data', 'both.example.com', at));
    assert.deepEqual(localities, ['eu', 'us']);
  }
});

test('a host below a wildcard is the wildcard’s, on its ports only', () => {
  const registry = registryOf(entries);
  assert.equal(registry.host('any', 'a.b.example.org', 443)?.destination.serviceEntry, 'shop/wild');
  assert.equal(registry.host('any', 'a.b.example.org', 80), undefined);
  assert.equal(registry.host('any', 'example.org', 443), undefined);
});

test('a Sidecar’s policy and imports are those of its workloads, and of no other', () => {
  const registry = registryOf(`${entries}---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: open, namespace: data }
spec: { hosts: [open.example.com], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: DNS }
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: scope, namespace: shop }
spec:
  egress: [{ hosts: ['./*'] }]
  outboundTrafficPolicy: { mode: REGISTRY_ONLY }
`);
  assert.deepEqual(registry.policy(asker), { mode: 'REGISTRY_ONLY', object: 'Sidecar/shop/scope' });
  assert.deepEqual(registry.asked(asker, 'open.example.com', 80), { hiddenBy: 'Sidecar/shop/scope' });
  assert.deepEqual(registry.asked(asker, 'nowhere.example.com', 80), {});
  const wild = registry.asked(asker, 'a.example.org', 443).registered;
  assert.equal(wild?.destination.serviceEntry, 'shop/wild');
  const other = { namespace: 'data', workload: 'web' };
  assert.deepEqual(registry.policy(other), { mode: 'ALLOW_ANY', object: 'default' });
  assert.equal(registry.asked(other, 'open.example.com', 80).registered?.destination.serviceEntry, 'data/open');
  // Rules may send there all the same.
  assert.equal(registry.host('shop', 'open.example.com', 80)?.destination.serviceEntry, 'data/open');
});

test('an entry of others that leads its host elsewhere is none to sidecars; gateways may be led there', () => {
  const proxy = (workload: string, type: ProxyIdentity['type']): ProxyIdentity => {
    const nodeId = `${type}~10.0.0.1~${workload}.shop~shop.svc.cluster.local`;
    return { namespace: 'shop', name: workload, workload, serviceAccount: 'default', labels: {}, type, nodeId };
  };
  const registry = registryOf(
    `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: taken, namespace: evil }
spec:
  hosts: [bank.example]
  location: MESH_INTERNAL
  ports: [{ number: 443, name: tls, protocol: TLS }]
  resolution: STATIC
  endpoints: [{ address: 192.0.2.9 }]
`,
    [],
    [proxy('web', 'sidecar'), proxy('gate', 'router')],
  );
  const objectFor = (namespace: string, workload: string) =>
    registry.asked({ namespace, workload }, 'bank.example', 443).registered?.object;
  assert.equal(objectFor('shop', 'web'), undefined);
  assert.equal(objectFor('shop', 'gate'), 'ServiceEntry/evil/taken');
  assert.equal(objectFor('evil', 'web'), 'ServiceEntry/evil/taken');
});

test('a Service is asked for in short too, by HTTP alone', () => {
  const registry = registryOf(`
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { selector: { app: web }, ports: [{ name: http, port: 80 }, { name: tls, port: 443 }] }
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: own, namespace: data }
spec: { egress: [{ hosts: ['./*'] }] }
`);
  const object = (namespace: string, host: string, port = 80) => {
    const { registered, hiddenBy } = registry.asked({ namespace, workload: 'web' }, host, port);
    return registered?.object ?? hiddenBy;
  };
  for (const host of ['web', 'web.shop', 'web.shop.svc', 'web.shop.svc.cluster.local']) {
    assert.equal(object('shop', host), 'Service/shop/web', host);
  }
  assert.equal(object('other', 'web'), undefined);
  assert.equal(object('other', 'web.shop'), 'Service/shop/web');
  assert.equal(object('data', 'web.shop'), 'Sidecar/data/own');
  assert.equal(object('shop', 'web', 443), undefined);
  assert.equal(object('shop', 'web.shop.example'), undefined);
  assert.equal(registry.host('shop', 'web', 80), undefined, 'clusters bear whole names');
});

test('the policy is the mesh object’s where it says one, else the default', () => {
  assert.deepEqual(registryOf('').policy(asker), { mode: 'ALLOW_ANY', object: 'default' });
  const istio = (mode: string) => `
apiVersion: istio.banzaicloud.io/v1beta1
kind: Istio
metadata: { name: mesh, namespace: istio-system }
spec: { version: 1.4.9${mode} }
`;
  assert.deepEqual(registryOf(istio('')).policy(asker), { mode: 'ALLOW_ANY', object: 'default' });
  const restricted = registryOf(istio(', outboundTrafficPolicy: { mode: REGISTRY_ONLY }'));
  assert.deepEqual(restricted.policy(asker), { mode: 'REGISTRY_ONLY', object: 'Istio/istio-system/mesh' });
});

const gateway = (args: string, ready: boolean) => `
apiVersion: v1
kind: Service
metadata: { name: egress, namespace: edge }
spec: { selector: { app: egress }, ports: [{ name: http, port: 80 }] }
---
apiVersion: v1
kind: Pod
metadata:
  name: egress-1
  namespace: edge
  labels: { app: egress }
  ownerReferences: [{ apiVersion: apps/v1, kind: Deployment, name: egress-gw, uid: u, controller: true }]
spec: { containers: [{ name: istio-proxy, args: ${args} }] }
status: { phase: Running, podIP: 10.0.0.1, containerStatuses: [{ name: istio-proxy, ready: ${ready} }] }
`;

test('a Service before gateways is one, ready or not; before anything else it is none', () => {
  const found = (args: string, ready: boolean) =>
    registryOf(gateway(args, ready)).host('shop', 'egress.edge.svc.cluster.local', 80)?.gateway;
  assert.equal(found('[proxy, router]', true), 'edge/egress-gw');
  assert.equal(found('[proxy, router]', false), 'edge/egress-gw');
  assert.equal(found('[proxy, sidecar]', true), undefined);
});

test('a gateway that lost its pods is still one, until something else is behind its Service', () => {
  const objects = createMeshObjects();
  let mesh = emptyMesh;
  const registry = createTrafficRegistry({ mesh: () => mesh, pods: () => [], proxies: () => [] });
  const found = () => registry.host('edge', 'egress.edge.svc.cluster.local', 80)?.gateway;
  const change = (type: 'ADDED' | 'DELETED', yaml: string, kind: string) => {
    const all = decodeManifests(yaml, 'test.yaml').objects.map(({ object }) => object);
    const events = all.filter((object) => object.kind === kind).map((object) => ({ type, object }));
    mesh = updateMesh(mesh, objects.translate(events)).mesh;
  };
  change('ADDED', gateway('[proxy, router]', true), 'Service');
  assert.equal(found(), undefined);
  change('ADDED', gateway('[proxy, router]', true), 'Pod');
  assert.equal(found(), 'edge/egress-gw');
  change('DELETED', gateway('[proxy, router]', true), 'Pod');
  assert.equal(found(), 'edge/egress-gw');
  change('ADDED', gateway('[proxy, sidecar]', true), 'Pod');
  assert.equal(found(), undefined);
});

test('an address that many call from is nobody’s', () => {
  const pod = { ...kubePod, proxyIP: '127.0.0.1' };
  const registry = registryOf('', [pod]);
  assert.equal(registry.workloadAt('127.0.0.1'), undefined);
  assert.equal(registry.workloadAt('127.64.0.1')?.workload, 'web');
  assert.equal(registryOf('', [{ ...pod, proxyIP: '10.0.0.5' }]).workloadAt('10.0.0.5')?.workload, 'web');
});

const running = { phase: 'Running', ready: true, restarts: 0 } as const;
const kubePod: PodStatus = {
  namespace: 'shop',
  name: 'web-1',
  uid: 'u',
  workload: 'web',
  podIP: '127.64.0.1',
  appIP: '127.64.0.2',
  proxyIP: '127.0.0.1',
  dns: { address: '127.64.0.3', port: 53 },
  dnsRelay: { address: '127.64.0.3', port: 53 },
  proxyUid: 0,
  xdsPath: '/nowhere',
  app: running,
  proxy: running,
  logs: { app: '', access: '', envoy: '' },
};
