import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { deploymentKind } from '../../api/kinds/deployment.ts';
import { istioKind } from '../../api/kinds/istio.ts';
import { meshGatewayKind } from '../../api/kinds/mesh-gateway.ts';
import { keyOf } from '../../api/object.ts';
import { followStore } from '../../mesh/follow-store.ts';
import type { MeshDelta } from '../../mesh/mesh.ts';
import { meshConfigKey } from '../../mesh/mesh-config.ts';
import { keyIn, startGateways, type TestGateways } from './testing/controllers.ts';
import { istioObject, meshGateway } from './testing/gateways.ts';

const ingress = 'istio-ingressgateway';
const egress = 'istio-egressgateway';

async function bothAvailable(gateways: TestGateways): Promise<void> {
  for (const name of [ingress, egress]) await gateways.ready(name, 'istio-system');
  const service = await until('a Service', () => gateways.service(ingress, 'istio-system'));
  const addresses = [{ ip: '18.184.240.108' }, { ip: '18.196.72.62' }];
  await gateways.store.updateStatus(keyOf(service), { loadBalancer: { ingress: addresses } });
  await gateways.untilIstio('Available');
}

test('the mesh has its two gateways, and their state is its own', async (t) => {
  const gateways = await startGateways(t, [istioObject({})]);
  await gateways.untilIstio('Reconciling MeshGateway istio-ingressgateway: 0 of 1 pods are ready');
  const { metadata, spec } = await gateways.gateway(ingress, 'istio-system');
  assert.deepEqual(metadata.labels, { app: ingress, istio: 'ingressgateway' });
  assert.deepEqual(
    spec.ports.map(({ name, port }) => [name, port]),
    [
      ['status-port', 15020],
      ['http2', 80],
      ['https', 443],
      ['tls', 15443],
    ],
  );
  assert.deepEqual([spec.type, spec.serviceType, spec.maxReplicas], ['ingress', 'LoadBalancer', 5]);
  const { template } = (await gateways.deployment(egress, 'istio-system')).spec;
  const own = { 'gateway-name': egress, 'gateway-type': 'egress' };
  assert.deepEqual(template.metadata?.labels, { app: egress, istio: 'egressgateway', ...own });
  await bothAvailable(gateways);
  const istio = await gateways.istio();
  const cells = istioKind.columns.map((column) => column.value(istio));
  assert.deepEqual(cells, ['Available', '', '[18.184.240.108 18.196.72.62]']);
});

test('the mesh is Created, then Reconciling, then Available, and none of it wakes what follows its settings', async (t) => {
  const gateways = await startGateways(t, []);
  const life = new AbortController();
  t.after(() => life.abort());
  const seen: MeshDelta[] = [];
  void followStore(gateways.store, (_, delta) => seen.push(delta), life.signal);
  const collection = { group: istioKind.group, kind: istioKind.kind };
  const events = gateways.store.watch([collection], await gateways.version(), life.signal);
  await gateways.store.apply([istioObject({})]);
  await bothAvailable(gateways);
  const states = new Set<string>();
  for await (const batch of events) {
    for (const { object } of batch.events) states.add(istioKind.schema.parse(object).status?.Status ?? '');
    if (states.has('Available')) break;
  }
  assert.deepEqual([...states], ['', 'Created', 'Reconciling', 'Available']);
  assert.ok(seen.length > 0);
  assert.deepEqual(
    seen.filter(({ configChanged }) => configChanged),
    [],
  );
});

test('a policy that is set writes that and nothing else', async (t) => {
  const gateways = await startGateways(t, [istioObject({})]);
  await bothAvailable(gateways);
  const version = Number(await gateways.version());
  const patch = { spec: { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } } };
  await gateways.store.patch(meshConfigKey, patch, (patched) => istioKind.schema.parse(patched));
  await gateways.restart();
  assert.equal(Number(await gateways.version()), version + 1);
});

test('the default policy is shown, never stored', async (t) => {
  const gateways = await startGateways(t, [istioObject({})]);
  await bothAvailable(gateways);
  const istio = await gateways.istio();
  assert.deepEqual(Object.keys(istio.spec), ['version']);
  assert.equal(istioKind.withDefaults(istio).spec.outboundTrafficPolicy?.mode, 'ALLOW_ANY');
});

test('settings of the mesh reach its gateways, and a gateway that was changed is set back', async (t) => {
  const gateways = await startGateways(t, [istioObject({})]);
  await bothAvailable(gateways);
  await gateways.store.apply([istioObject({ gateways: { egress: { replicaCount: 2, labels: { team: 'red' } } } })]);
  await until('two pods', async () => (await gateways.deployment(egress, 'istio-system')).spec.replicas === 2);
  assert.equal((await gateways.gateway(egress, 'istio-system')).spec.labels?.['team'], 'red');
  await gateways.store.patch(keyIn(meshGatewayKind, egress, 'istio-system'), { spec: { replicaCount: 4 } }, (patched) =>
    meshGatewayKind.schema.parse(patched),
  );
  await until('set back', async () => (await gateways.gateway(egress, 'istio-system')).spec.replicaCount === 2);
  await gateways.store.delete(keyIn(meshGatewayKind, egress, 'istio-system'));
  await until('back', async () => (await gateways.deployment(egress, 'istio-system')).spec.replicas === 2);
});

test('gateways that are switched off go, and the mesh is Available without them', async (t) => {
  const gateways = await startGateways(t, [istioObject({})]);
  const there = async () => {
    const { items } = await gateways.store.list({ group: meshGatewayKind.group, kind: meshGatewayKind.kind });
    return items.map(({ metadata }) => metadata.name).join(' ');
  };
  assert.equal(await there(), `${egress} ${ingress}`);
  await gateways.store.apply([istioObject({ gateways: { ingress: { enabled: false } } })]);
  await until('one', async () => (await there()) === egress);
  await gateways.store.apply([istioObject({ gateways: { enabled: false } })]);
  await until('none', async () => (await there()) === '');
  const { status } = await gateways.untilIstio('Available');
  assert.deepEqual(status, { Status: 'Available' });
});

test('a second Istio object is told which one counts, and leaves when it may', async (t) => {
  const gateways = await startGateways(t, [istioObject({}), istioObject({}, 'other')]);
  await gateways.untilIstio('ReconcileFailed istio-system/mesh is the Istio object that counts', 'other');
  await gateways.untilIstio(/^ReconcileFailed MeshGateway istio-ingressgateway: there are 2 Istio objects/);
  await gateways.store.delete(keyOf(istioObject({}, 'other')));
  await bothAvailable(gateways);
});

test("a MeshGateway of the same name that is somebody else's is not touched", async (t) => {
  const mine = meshGateway({ type: 'egress' }, egress, 'istio-system');
  const gateways = await startGateways(t, [istioObject({}), mine]);
  await gateways.untilIstio(/^ReconcileFailed MeshGateway\/istio-system\/istio-egressgateway is there already/);
  assert.deepEqual((await gateways.gateway(egress, 'istio-system')).spec, mine.spec);
  await gateways.store.delete(keyOf(mine));
  await bothAvailable(gateways);
});

test('with the Istio object go its gateways and what was made for them', async (t) => {
  const gateways = await startGateways(t, [istioObject({})]);
  await gateways.store.delete(meshConfigKey);
  for (const { group, kind } of [meshGatewayKind, deploymentKind]) {
    await until(`no ${kind}`, async () => (await gateways.store.list({ group, kind })).items.length === 0);
  }
});
