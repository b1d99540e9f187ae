// Each list on a mesh of manifests: what it names, and what it leaves alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectsOf } from '../analysis/testing/told.ts';
import { emptyMesh, type Mesh, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import type { SeenFlow } from '../telemetry/seen-flow.ts';
import { createObjectWorld } from '../verdict/object-world.ts';
import { runningPod } from '../verdict/testing/mesh-objects.ts';
import { aroundGateways } from './around-gateways.ts';
import { shadowedEntries } from './shadowed-entries.ts';
import { uncoveredWorkloads } from './uncovered-workloads.ts';
import { unusedHosts } from './unused-hosts.ts';

/** Each object is a second younger than the one before, the first of 2026-01-01T00:00:00Z. */
function meshOf(manifests: string): Mesh {
  const events = objectsOf(manifests).map((object) => ({ type: 'ADDED' as const, object }));
  return updateMesh(emptyMesh, createMeshObjects({ clock: () => 0 }).translate(events)).mesh;
}

const entry = (name: string, hosts: string, { namespace = 'shop', rest = '' } = {}) => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: ${namespace} }
spec: { hosts: [${hosts}], ports: [{ number: 443, name: tls, protocol: TLS }], resolution: DNS${rest} }
---`;

const policy = `
apiVersion: egress.sallyport.dev/v1alpha1
kind: EgressPolicy
metadata: { name: pay, namespace: shop }
spec: { hosts: [pay.example] }
---`;

function seen(
  kind: 'external' | 'blocked',
  host: string,
  serviceEntry: string,
  at: string,
  via: string[] = [],
): SeenFlow {
  const destination = { kind, host, port: 443, serviceEntry };
  const source = { namespace: 'shop', workload: 'web' };
  const lastSeen = `2026-01-${at}.000Z`;
  return { source, destination, via, protocol: 'tls', requests: 0, connections: 3, firstSeen: lastSeen, lastSeen };
}

const day = (number: number) => Date.UTC(2026, 0, number);

test('a host is unused where nobody called it for so long, by the entry that it is in', () => {
  const mesh = meshOf(
    `${entry('a', 'a.example')}${entry('wild', '"*.wild.example"').replace('DNS', 'DYNAMIC_DNS')}${entry('other', 'a.example')}${policy}`,
  );
  const traffic = [
    seen('external', 'a.example', 'shop/a', '03T00:00:00'),
    seen('external', 'a.example', 'shop/a', '09T00:00:00'),
    seen('external', '*.wild.example', 'shop/wild', '02T00:00:00'),
    seen('blocked', 'pay.example', 'shop/pay', '09T00:00:00'),
  ];
  assert.deepEqual(unusedHosts(mesh, traffic, day(5)), [
    { host: '*.wild.example', ports: [443], object: 'ServiceEntry/shop/wild', lastUsed: '2026-01-02T00:00:00.000Z' },
    { host: 'a.example', ports: [443], object: 'ServiceEntry/shop/other' },
    { host: 'pay.example', ports: [80, 443], object: 'EgressPolicy/shop/pay' },
  ]);
});

test('what is younger than that is not unused, nor is what is no host outside', () => {
  const internal = entry('internal', 'db.internal', { rest: ', location: MESH_INTERNAL' });
  const service = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec: { ports: [{ port: 80 }] }
---`;
  const mesh = meshOf(`${internal}${service}${entry('young', 'young.example')}`);
  assert.deepEqual(unusedHosts(mesh, [], Date.UTC(2026, 0, 1, 0, 0, 1)), []);
  assert.deepEqual(
    unusedHosts(mesh, [], Date.UTC(2026, 0, 1, 0, 0, 2)).map(({ host }) => host),
    ['young.example'],
  );
});

test('an entry is shadowed where another comes first in every namespace with workloads that sees it', () => {
  const mesh = meshOf(`${entry('first', 'a.example')}${entry('second', 'a.example', { namespace: 'bank' })}`);
  assert.deepEqual(shadowedEntries(mesh, new Set(['shop'])), [
    { host: 'a.example', object: 'ServiceEntry/bank/second', by: ['ServiceEntry/shop/first'] },
  ]);
  assert.deepEqual(shadowedEntries(mesh, new Set(['shop', 'bank'])), []);
  assert.deepEqual(shadowedEntries(mesh, new Set()), []);
});

test('an entry whose ports are added to those of another shadows nothing and is not shadowed', () => {
  const more = entry('more', 'a.example').replace('number: 443', 'number: 8443');
  assert.deepEqual(shadowedEntries(meshOf(`${entry('first', 'a.example')}${more}`), new Set(['shop'])), []);
  const same = entry('same', 'a.example');
  assert.deepEqual(
    shadowedEntries(meshOf(`${entry('first', 'a.example')}${same}`), new Set(['shop'])).map(({ object }) => object),
    ['ServiceEntry/shop/same'],
  );
});

const gateway = `
apiVersion: v1
kind: Service
metadata: { name: egress, namespace: shop }
spec: { selector: { app: egress }, ports: [{ port: 443, name: tls }] }
---
apiVersion: v1
kind: Pod
metadata:
  name: egress-1
  namespace: shop
  labels: { app: egress, gateway-name: egress, gateway-type: egress }
spec: { containers: [{ name: istio-proxy, args: [proxy, router], ports: [{ containerPort: 443 }] }] }
status: { phase: Running, podIP: 10.0.0.9, containerStatuses: [{ name: istio-proxy, ready: true }] }
---`;

const rule = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: through, namespace: shop }
spec:
  hosts: [a.example]
  tls: [{ match: [{ port: 443, sniHosts: [a.example] }], route: [{ destination: { host: egress.shop.svc.cluster.local } }] }]
---`;

/** Else nobody takes a host of the world from other namespaces. */
const restricted = `
apiVersion: istio.banzaicloud.io/v1beta1
kind: Istio
metadata: { name: mesh, namespace: istio-system }
spec: { version: 1.4.9, outboundTrafficPolicy: { mode: REGISTRY_ONLY } }
---`;

test('traffic is around a gateway where a rule leads its host there, and the workload would go at once still', () => {
  const outside = entry('a', 'a.example') + entry('b', 'b.example');
  const own = rule.replace('spec:', 'spec:\n  exportTo: ["."]');
  const callers = runningPod('web', { namespace: 'shop' }) + runningPod('web', { namespace: 'bank' });
  const worldWith = (one: string) => {
    const objects = objectsOf(`${restricted}${gateway}${outside}${one}\n${callers}`);
    return createObjectWorld({ objects, capture: { kind: 'redirect' }, strict: true });
  };
  const direct = seen('external', 'a.example', 'shop/a', '02T00:00:00');
  const bank = { ...direct, source: { namespace: 'bank', workload: 'web' } };
  const traffic = [
    direct,
    bank,
    { ...bank, source: { namespace: 'bank', workload: 'gone' } },
    { ...bank, source: { namespace: 'shop', workload: 'egress-1' } },
    seen('external', 'a.example', 'shop/a', '02T00:00:00', ['shop/egress-1']),
    seen('external', 'b.example', 'shop/b', '02T00:00:00'),
  ];
  assert.deepEqual(aroundGateways(worldWith(own), traffic), [
    {
      source: { namespace: 'bank', workload: 'web' },
      host: 'a.example',
      port: 443,
      gateways: ['shop/egress-1'],
      objects: ['VirtualService/shop/through'],
      requests: 0,
      connections: 3,
      lastSeen: '2026-01-02T00:00:00.000Z',
    },
  ]);
  assert.deepEqual(aroundGateways(worldWith(rule), traffic), []);
});

test('workloads without a proxy are told once each', () => {
  const pod = (workload: string, phase: string) => ({ namespace: 'shop', workload, proxy: { phase } });
  const told = uncoveredWorkloads([pod('b', 'Absent'), pod('b', 'Absent'), pod('a', 'Absent'), pod('c', 'Running')]);
  assert.deepEqual(
    told.map(({ workload }) => workload),
    ['a', 'b'],
  );
});
