// What is left of Gateways that contradict each other on a port (istio-semantics 5, TestGatewayConflicts): of HTTP and TCP the
// older stands, with what is served there if nothing is bound to it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import type { KubeObject } from '../../api/object.ts';
import { type ProxyIdentity, typeUrls } from '../../discovery/view.ts';
import { RouteConfigurationSchema } from '../../envoy/gen/envoy/config/route/v3/route_pb.js';
import { emptyMesh, updateMesh } from '../../mesh/mesh.ts';
import { createMeshObjects } from '../../mesh/mesh-objects.ts';
import { createViews } from '../views.ts';

const labels = { 'gateway-name': 'egress' };
const shared = { namespace: 'default', serviceAccount: 'default', type: 'router', nodeId: 'egress' } as const;
const router: ProxyIdentity = { ...shared, name: 'egress', workload: 'egress', labels };

function object(kind: string, name: string, spec: object, age: number): KubeObject {
  const metadata = { name, namespace: 'default', creationTimestamp: `2026-01-01T00:00:0${age}Z` };
  return { apiVersion: 'networking.istio.io/v1', kind, metadata, spec };
}

const server = (protocol: string, age: number) =>
  object(
    'Gateway',
    protocol.toLowerCase(),
    { selector: labels, servers: [{ port: { number: 80, name: 'p', protocol }, hosts: ['*'] }] },
    age,
  );

const toDatabase = object(
  'VirtualService',
  'db',
  { hosts: ['*'], gateways: ['tcp'], tcp: [{ route: [{ destination: { host: 'db.test', port: { number: 80 } } }] }] },
  9,
);

/** Names of the listeners, and of routes with those of their inline virtual hosts. */
function served(...objects: readonly KubeObject[]) {
  const change = createMeshObjects().translate(objects.map((one) => ({ type: 'ADDED', object: one })));
  const { mesh, delta } = updateMesh(emptyMesh, change);
  const views = createViews();
  views.update(mesh, delta);
  const view = views.viewFor(router);
  const routes = [...view.resources(typeUrls.route).values()].map(({ name, bytes }) => {
    return `${name}: ${fromBinary(RouteConfigurationSchema, bytes).virtualHosts.map((host) => host.name)}`;
  });
  return { listeners: [...view.resources(typeUrls.listener).keys()], routes };
}

const table: readonly (readonly [string, ReturnType<typeof served>, ReturnType<typeof served>])[] = [
  ['TCP first, to nowhere: no listener', served(server('TCP', 1), server('HTTP', 2)), { listeners: [], routes: [] }],
  [
    'TCP first: no routes',
    served(server('TCP', 1), server('HTTP', 2), toDatabase),
    { listeners: ['0.0.0.0_80'], routes: [] },
  ],
  [
    'HTTP first: what nobody serves gets 404, and TCP nothing',
    served(server('HTTP', 1), server('TCP', 2), toDatabase),
    { listeners: ['0.0.0.0_80'], routes: ['http.80: blackhole:80'] },
  ],
];

for (const [what, actual, expected] of table) test(what, () => assert.deepEqual(actual, expected));
