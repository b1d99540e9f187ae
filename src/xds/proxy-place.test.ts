// Proxies of one namespace share a view whatever their place is, until a rule tells near endpoints from far ones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import type { KubeObject } from '../api/object.ts';
import { type ProxyIdentity, typeUrls, type View } from '../discovery/view.ts';
import { ClusterLoadAssignmentSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.js';
import { emptyMesh, updateMesh } from '../mesh/mesh.ts';
import { createMeshObjects } from '../mesh/mesh-objects.ts';
import { createViews } from './views.ts';

function proxy(name: string, labels: Readonly<Record<string, string>>): ProxyIdentity {
  const shared = { namespace: 'default', serviceAccount: 'default', type: 'sidecar', nodeId: name } as const;
  return { ...shared, name, workload: name, labels };
}

function object(kind: string, spec: object): KubeObject {
  return { apiVersion: 'networking.istio.io/v1', kind, metadata: { name: 'a', namespace: 'default' }, spec };
}

const entry = object('ServiceEntry', {
  hosts: ['a.test'],
  ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
  resolution: 'STATIC',
  endpoints: ['near/one', 'far/one'].map((locality, index) => ({ address: `192.0.2.${index}`, locality })),
});

/** `near/one@0` for each locality, sorted. */
function localitiesOf(view: View): readonly string[] {
  return [...view.resources(typeUrls.endpoint).values()]
    .flatMap(({ bytes }) => fromBinary(ClusterLoadAssignmentSchema, bytes).endpoints)
    .map(({ locality, priority }) => `${locality?.region}/${locality?.zone}@${priority}`)
    .sort();
}

test('a rule that tells places apart regroups those that have one, and its end brings them together again', () => {
  const objects = createMeshObjects();
  const views = createViews();
  let { mesh, delta } = updateMesh(emptyMesh, objects.translate([{ type: 'ADDED', object: entry }]));
  views.update(mesh, delta);
  const near = proxy('near', { 'istio-locality': 'near.one', app: 'a' });
  const far = proxy('far', { 'istio-locality': 'far.one', app: 'b' });
  const nowhere = [proxy('x', { app: 'c' }), proxy('y', {})] as const;
  const keys = () => [near, far, ...nowhere].map((one) => views.viewFor(one).key);
  assert.equal(new Set(keys()).size, 1);
  let regrouped = 0;
  views.onRegroup?.(() => {
    regrouped += 1;
  });

  const apply = (type: 'ADDED' | 'MODIFIED' | 'DELETED', spec: object) => {
    const change = objects.translate([{ type, object: object('DestinationRule', spec) }]);
    ({ mesh, delta } = updateMesh(mesh, change));
    views.update(mesh, delta);
  };
  apply('ADDED', { host: 'a.test', trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } });
  assert.equal(regrouped, 0);
  apply('MODIFIED', { host: 'a.test', trafficPolicy: { outlierDetection: {} } });
  assert.equal(regrouped, 1);
  assert.equal(new Set(keys()).size, 3);
  assert.deepEqual(localitiesOf(views.viewFor(near)), ['far/one@1', 'near/one@0']);
  assert.deepEqual(localitiesOf(views.viewFor(far)), ['far/one@0', 'near/one@1']);
  assert.deepEqual(localitiesOf(views.viewFor(nowhere[0])), ['far/one@0', 'near/one@0']);
  assert.equal(views.viewFor(nowhere[0]), views.viewFor(nowhere[1]));
  apply('DELETED', { host: 'a.test' });
  assert.equal(new Set(keys()).size, 1);
});
