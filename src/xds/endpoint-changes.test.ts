// What it costs when a workload behind a host comes or goes: its endpoints and nothing else. And what one more host costs,
// where nothing but an address tells its connections from others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testProxy } from '../../test/support/memory-view.ts';
import type { KubeObject } from '../api/object.ts';
import { type TypeUrl, typeUrls } from '../discovery/view.ts';
import { createAllocatedAddresses } from '../mesh/allocated-addresses.ts';
import { emptyMesh, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import { createViews } from './views.ts';

function object(kind: string, name: string, spec: object, metadata: object = {}): KubeObject {
  return { apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace: 'default', ...metadata }, spec };
}

function entry(name: string, spec: object): KubeObject {
  return object('ServiceEntry', name, { hosts: [`${name}.test`], resolution: 'STATIC', ...spec });
}

const http = [{ number: 80, name: 'http', protocol: 'HTTP' }];
const machine = (address: string) => object('WorkloadEntry', 'vm', { address, labels: { app: 'a' } });

/** A view of `default`; each change answers the resources that it sends, by type. */
function follower(...first: readonly KubeObject[]) {
  const objects = createMeshObjects({ addresses: createAllocatedAddresses() });
  let mesh = emptyMesh;
  const views = createViews();
  const take = (type: 'ADDED' | 'MODIFIED' | 'DELETED', all: readonly KubeObject[]) => {
    const next = updateMesh(mesh, objects.translate(all.map((one) => ({ type, object: one }))));
    mesh = next.mesh;
    views.update(mesh, next.delta);
    return next.delta;
  };
  take('ADDED', first);
  const sent = new Map<TypeUrl, readonly string[]>();
  views.viewFor(testProxy('a')).subscribe(({ types }) => {
    for (const [type, { updated, removed }] of types) {
      sent.set(type, [...updated.map(({ name }) => name), ...[...removed].map((name) => `-${name}`)].sort());
    }
  });
  return (type: 'ADDED' | 'MODIFIED' | 'DELETED', ...all: readonly KubeObject[]) => {
    sent.clear();
    const { hosts } = take(type, all);
    return { hosts: [...hosts].sort(), sent: Object.fromEntries(sent) };
  };
}

test('a workload that comes, moves or goes is one push of endpoints', () => {
  const selecting = { ports: http, workloadSelector: { labels: { app: 'a' } } };
  const change = follower(entry('chosen', selecting), entry('other', { ports: http }));
  const expected = { hosts: ['chosen.test'], sent: { [typeUrls.endpoint]: ['outbound|80||chosen.test'] } };
  assert.deepEqual(change('ADDED', machine('192.0.2.1')), expected);
  assert.deepEqual(change('MODIFIED', machine('192.0.2.2')), expected);
  assert.deepEqual(change('MODIFIED', machine('192.0.2.2')), { hosts: [], sent: {} });
  assert.deepEqual(change('DELETED', machine('192.0.2.2')), expected);
});

test('so are Endpoints of a Service without a selector', () => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'wiki', namespace: 'default' } };
  const change = follower({ ...service, spec: { clusterIP: '10.96.0.7', ports: [{ name: 'http', port: 80 }] } });
  const subsets = [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ name: 'http', port: 8080 }] }];
  const endpoints: object = { ...service, kind: 'Endpoints', subsets };
  const host = 'wiki.default.svc.cluster.local';
  assert.deepEqual(change('ADDED', { ...service, ...endpoints }), {
    hosts: [host],
    sent: { [typeUrls.endpoint]: [`outbound|80||${host}`] },
  });
});

test('an endpoint of a headless Service is its endpoints, and for each port that is not HTTP a listener of its own', () => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'db', namespace: 'default' } };
  const ports = [
    { name: 'tcp-db', port: 5432 },
    { name: 'detected', port: 9000 },
    { name: 'http-admin', port: 8080 },
  ];
  const change = follower({ ...service, spec: { clusterIP: 'None', ports } });
  const endpoints = (count: number): KubeObject & { readonly subsets: unknown } => {
    const addresses = Array.from({ length: count }, (_, index) => ({ ip: `192.0.2.${index + 1}` }));
    return { ...service, kind: 'Endpoints', subsets: [{ addresses, ports }] };
  };
  change('ADDED', endpoints(100));
  const host = 'db.default.svc.cluster.local';
  const assignments = [`outbound|5432||${host}`, `outbound|8080||${host}`, `outbound|9000||${host}`];
  assert.deepEqual(change('MODIFIED', endpoints(101)).sent, {
    [typeUrls.endpoint]: assignments,
    [typeUrls.listener]: ['192.0.2.101_5432', '192.0.2.101_9000'],
  });
  assert.deepEqual(change('MODIFIED', endpoints(100)).sent, {
    [typeUrls.endpoint]: assignments,
    [typeUrls.listener]: ['-192.0.2.101_5432', '-192.0.2.101_9000'],
  });
});

test('one more host of HTTP and TLS is two clusters and a virtual host; one of TCP a cluster and a listener', () => {
  const both = [...http, { number: 443, name: 'tls', protocol: 'TLS' }];
  const tcp = [{ number: 5432, name: 'tcp', protocol: 'TCP' }];
  const change = follower(entry('first', { ports: both, resolution: 'DNS' }));
  assert.deepEqual(change('ADDED', entry('second', { ports: both, resolution: 'DNS' })).sent, {
    [typeUrls.cluster]: ['outbound|443||second.test', 'outbound|80||second.test'],
    [typeUrls.virtualHost]: ['80/second.test'],
  });
  const { sent } = change('ADDED', entry('db', { ports: tcp, resolution: 'DNS' }));
  assert.deepEqual(Object.keys(sent).sort(), [typeUrls.cluster, typeUrls.listener].sort());
  assert.match(sent[typeUrls.listener]?.join() ?? '', /^240\.240\.\d+\.\d+_5432$/);
  assert.deepEqual(sent[typeUrls.cluster], ['outbound|5432||db.test']);
});
