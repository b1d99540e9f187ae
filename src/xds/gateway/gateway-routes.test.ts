// A VirtualService that several servers of one port serve.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import type { KubeObject } from '../../api/object.ts';
import { type ProxyIdentity, typeUrls } from '../../discovery/view.ts';
import { VirtualHostSchema } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { emptyMesh, updateMesh } from '../../mesh/mesh.ts';
import { createMeshObjects } from '../../mesh/mesh-objects.ts';
import { createViews } from '../views.ts';

const labels = { 'gateway-name': 'egress' };
const shared = { namespace: 'default', serviceAccount: 'default', type: 'router', nodeId: 'egress' } as const;
const router: ProxyIdentity = { ...shared, name: 'egress', workload: 'egress', labels };

function object(kind: string, name: string, spec: object): KubeObject {
  const metadata = { name, namespace: 'default' };
  return { apiVersion: 'networking.istio.io/v1', kind, metadata, spec };
}

function gateway(name: string, ...hosts: readonly string[]): KubeObject {
  const servers = hosts.map((host) => ({ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: [host] }));
  return object('Gateway', name, { selector: labels, servers });
}

const destination = { host: 'web.test', port: { number: 80 } };
const web = object('ServiceEntry', 'web', {
  hosts: ['web.test'],
  ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
  resolution: 'DNS',
});
/** `only`: of these gateways. */
const rule = (prefix: string, ...only: readonly string[]) => ({
  match: [{ uri: { prefix }, ...(only.length === 0 ? {} : { gateways: only }) }],
  route: [{ destination }],
});

/** The prefixes that routes of `web.test` ask for, in order. */
function prefixes(...objects: readonly KubeObject[]): readonly string[] {
  const events = [web, ...objects].map((one) => ({ type: 'ADDED' as const, object: one }));
  const { mesh, delta } = updateMesh(emptyMesh, createMeshObjects().translate(events));
  const views = createViews();
  views.update(mesh, delta);
  const hosts = [...views.viewFor(router).resources(typeUrls.virtualHost).values()].map(({ bytes }) =>
    fromBinary(VirtualHostSchema, bytes),
  );
  const found = hosts.find(({ domains }) => domains.includes('web.test')) ?? assert.fail();
  return found.routes.map(({ match }) => String(match?.pathSpecifier.value));
}

function routed(gateways: readonly string[], ...http: readonly object[]): KubeObject {
  return object('VirtualService', 'web', { hosts: ['web.test'], gateways, http });
}

test('servers of one Gateway have its routes once', () => {
  const rules = [rule('/a'), rule('/b')];
  assert.deepEqual(prefixes(gateway('one', 'web.test', '*.test'), routed(['one'], ...rules)), ['/a', '/b']);
});

test('of two Gateways each route is there once, with those that only one of them has', () => {
  const both = ['one', 'two'];
  const rules = [rule('/a'), rule('/b', 'one'), rule('/c', 'two')];
  const objects = [gateway('one', 'web.test'), gateway('two', '*.test'), routed(both, ...rules)];
  assert.deepEqual(prefixes(...objects), ['/a', '/b', '/c']);
});
