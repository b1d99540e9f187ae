import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { failureCondition } from '../../api/deployment-conditions.ts';
import { deploymentKind } from '../../api/kinds/deployment.ts';
import { horizontalPodAutoscalerKind } from '../../api/kinds/horizontal-pod-autoscaler.ts';
import { meshGatewayKind } from '../../api/kinds/mesh-gateway.ts';
import { podDisruptionBudgetKind } from '../../api/kinds/pod-disruption-budget.ts';
import { clusterRoleKind } from '../../api/kinds/role.ts';
import { clusterRoleBindingKind, roleBindingKind } from '../../api/kinds/role-binding.ts';
import { serviceKind } from '../../api/kinds/service.ts';
import { serviceAccountKind } from '../../api/kinds/service-account.ts';
import { type KubeObject, keyOf } from '../../api/object.ts';
import { keyIn, startGateways, type TestGateways } from './testing/controllers.ts';
import { istioObject, meshGateway } from './testing/gateways.ts';

const egress = meshGateway({ type: 'egress' }, 'egress');

const cells = (gateway: KubeObject) =>
  meshGatewayKind.columns.map((column) =>
    column.value(meshGatewayKind.withDefaults(meshGatewayKind.schema.parse(gateway))),
  );

async function available(gateways: TestGateways, name: string): Promise<void> {
  await gateways.ready(name);
  await gateways.untilStatus('Available', name);
}

test('an ingress gateway waits for its pods, then for its address, then is Available', async (t) => {
  const gateways = await startGateways(t, [istioObject(), meshGateway()]);
  await gateways.untilStatus('Reconciling 0 of 1 pods are ready');
  await gateways.ready();
  await gateways.untilStatus('Reconciling Service echo-ingress has no address yet');
  await gateways.balance([{ ip: '18.185.173.38' }, { ip: '18.197.110.20' }]);
  const gateway = await gateways.untilStatus('Available');
  assert.deepEqual(cells(gateway), ['ingress', 'LoadBalancer', 'Available', '[18.185.173.38 18.197.110.20]', '']);
});

test('an egress gateway has the address of its Service in the mesh', async (t) => {
  const gateways = await startGateways(t, [istioObject(), egress]);
  await available(gateways, 'egress');
  const { spec } = await gateways.service('egress');
  const { status } = await gateways.gateway('egress');
  assert.match(spec.clusterIP ?? '', /^10\.96\./);
  assert.deepEqual(status?.GatewayAddress, [spec.clusterIP]);
});

test('the name of a load balancer is resolved', async (t) => {
  const gateways = await startGateways(t, [istioObject(), meshGateway()]);
  await gateways.ready();
  await gateways.balance([{ hostname: 'no-such-host.invalid' }]);
  await gateways.untilStatus('Reconciling Service echo-ingress has no address yet');
  await gateways.balance([{ hostname: 'localhost' }]);
  const { status } = await gateways.untilStatus('Available');
  assert.deepEqual(status?.GatewayAddress, ['127.0.0.1']);
});

test('pods that do not run are told, and a gateway whose pods go is not Available', async (t) => {
  const gateways = await startGateways(t, [istioObject(), egress]);
  const { metadata, spec } = await gateways.deployment('egress');
  const message = 'the program ended\nwith a log';
  const failure = { type: failureCondition, status: 'True', reason: 'CrashLoopBackOff', message };
  const key = keyIn(deploymentKind, metadata.name, 'default');
  await gateways.store.updateStatus(key, { readyReplicas: 0, conditions: [failure] });
  await gateways.untilStatus(
    'ReconcileFailed Deployment egress: 0 of 1 pods are ready: CrashLoopBackOff: the program ended',
    'egress',
  );
  await gateways.store.updateStatus(key, { readyReplicas: spec.replicas });
  const { status } = await gateways.untilStatus('Available', 'egress');
  await gateways.store.updateStatus(key, { readyReplicas: 0 });
  const waiting = await gateways.untilStatus('Reconciling 0 of 1 pods are ready', 'egress');
  assert.deepEqual(waiting.status?.GatewayAddress, status?.GatewayAddress);
});

test('a second look, also by the next control plane, writes nothing', async (t) => {
  const gateways = await startGateways(t, [
    istioObject({ gateways: { enabled: false }, defaultPodDisruptionBudget: { enabled: true } }),
    meshGateway({ maxReplicas: 5, sds: { enabled: true }, serviceAnnotations: { a: 'b' } }),
    egress,
  ]);
  await gateways.balance([{ ip: '192.0.2.1' }]);
  await available(gateways, 'echo-ingress');
  await available(gateways, 'egress');
  const version = await gateways.version();
  await gateways.restart();
  await gateways.restart();
  assert.equal(await gateways.version(), version);
});

const changed: readonly (readonly [string, { readonly group: string; readonly kind: string }, string, unknown])[] = [
  ['scaled', deploymentKind, 'egress', { spec: { replicas: 4 } }],
  ['paused', deploymentKind, 'egress', { spec: { paused: true } }],
  ['pods changed', deploymentKind, 'egress', { spec: { template: { spec: { containers: [{ name: 'nginx' }] } } } }],
  ['port changed', serviceKind, 'egress', { spec: { ports: [{ port: 81 }] } }],
  ['type changed', serviceKind, 'egress', { spec: { type: 'LoadBalancer' } }],
  ['labelled', serviceAccountKind, 'egress-service-account', { metadata: { labels: null } }],
  ['disarmed', clusterRoleBindingKind, 'egress-cluster-role-binding', { subjects: [] }],
];

for (const [what, kind, name, patch] of changed) {
  test(`a child that was ${what} is set back`, async (t) => {
    const gateways = await startGateways(t, [istioObject(), egress]);
    await available(gateways, 'egress');
    const key = keyIn(kind, name, kind === clusterRoleBindingKind ? '' : 'default');
    const before = await gateways.store.get(key);
    const parsed = (object: unknown) => object as KubeObject;
    const { outcome } = await gateways.store.patch(key, patch, parsed);
    assert.equal(outcome, 'configured');
    await until('set back', async () => {
      const now = await gateways.store.get(key);
      const without = ({ metadata, status: _, ...rest }: KubeObject) => ({ ...rest, labels: metadata.labels });
      try {
        assert.deepEqual(now && without(now), before && without(before));
        return true;
      } catch {
        return false;
      }
    });
  });
}

test('a child that was deleted comes back, and what was assigned to it stays', async (t) => {
  const gateways = await startGateways(t, [istioObject(), egress]);
  await available(gateways, 'egress');
  const { uid } = (await gateways.deployment('egress')).metadata;
  await gateways.store.delete(keyIn(deploymentKind, 'egress', 'default'));
  await until('another Deployment', async () => (await gateways.deployment('egress')).metadata.uid !== uid);
  await gateways.untilStatus('Reconciling 0 of 1 pods are ready', 'egress');
  const { clusterIP } = (await gateways.service('egress')).spec;
  await gateways.store.apply([meshGateway({ type: 'egress', ports: [{ name: 'tls', port: 443 }] }, 'egress')]);
  await until('the new port', async () => (await gateways.service('egress')).spec.ports?.[0]?.port === 443);
  assert.equal((await gateways.service('egress')).spec.clusterIP, clusterIP);
});

test('a restart that somebody asked for is not taken back', async (t) => {
  const gateways = await startGateways(t, [istioObject(), egress]);
  await available(gateways, 'egress');
  const annotations = { 'kubectl.kubernetes.io/restartedAt': '2020-02-02T19:15:14Z', team: 'red' };
  const patch = { spec: { template: { metadata: { annotations } } } };
  await gateways.store.patch(keyIn(deploymentKind, 'egress', 'default'), patch, (patched) =>
    deploymentKind.schema.parse(patched),
  );
  const kept = await until('set back', async () => {
    const { template } = (await gateways.deployment('egress')).spec;
    return template.metadata?.annotations?.['team'] === undefined && template.metadata?.annotations;
  });
  const { team: _, ...restart } = annotations;
  assert.deepEqual(kept, { ...restart, 'sidecar.istio.io/inject': 'false' });
});

test('what is no longer wanted is removed', async (t) => {
  const budgeted = istioObject({ gateways: { enabled: false }, defaultPodDisruptionBudget: { enabled: true } });
  const gateways = await startGateways(t, [budgeted, meshGateway({ maxReplicas: 5, sds: { enabled: true } })]);
  const optional = [
    keyIn(horizontalPodAutoscalerKind, 'echo-ingress-autoscaler', 'default'),
    keyIn(podDisruptionBudgetKind, 'echo-ingress', 'default'),
    keyIn(roleBindingKind, 'echo-ingress-role-binding-sds', 'default'),
  ];
  const there = async () =>
    (await Promise.all(optional.map(gateways.store.get))).filter((object) => object !== undefined);
  assert.equal((await there()).length, 3);
  await gateways.store.apply([istioObject(), meshGateway()]);
  await until('removed', async () => (await there()).length === 0);
});

test('what is made for a gateway goes with it', async (t) => {
  const gateways = await startGateways(t, [istioObject(), meshGateway({ maxReplicas: 5, sds: { enabled: true } })]);
  await gateways.store.delete(keyIn(meshGatewayKind, 'echo-ingress', 'default'));
  // At once, or as soon as a look that was under way is over.
  for (const kind of [deploymentKind, serviceKind, serviceAccountKind, clusterRoleKind, clusterRoleBindingKind]) {
    const { group } = kind;
    await until(
      `no ${kind.kind}`,
      async () => (await gateways.store.list({ group, kind: kind.kind })).items.length === 0,
    );
  }
});

test('roles of the cluster stay with the gateway of that name that stays', async (t) => {
  const other = meshGateway({}, 'echo-ingress', 'shop');
  const gateways = await startGateways(t, [istioObject(), meshGateway(), other]);
  const subjects = async () => {
    const key = keyIn(clusterRoleBindingKind, 'echo-ingress-cluster-role-binding', '');
    const binding = clusterRoleBindingKind.schema.parse(await gateways.store.get(key));
    return binding.subjects?.map(({ namespace }) => namespace).join(' ');
  };
  assert.equal(await subjects(), 'default shop');
  await gateways.store.delete(keyOf(meshGateway()));
  await until('one left', async () => (await subjects()) === 'shop');
  await gateways.store.apply([meshGateway()]);
  await until('both again', async () => (await subjects()) === 'default shop');
});

test("somebody else's object of the same name is not touched, and named", async (t) => {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'egress', namespace: 'default' },
    spec: { ports: [{ port: 1 }] },
  };
  const gateways = await startGateways(t, [istioObject(), service, egress]);
  await gateways.untilStatus(
    "ReconcileFailed Service/default/egress is there already and is somebody else's; delete it, or choose another name",
    'egress',
  );
  assert.deepEqual((await gateways.service('egress')).spec.ports, [{ port: 1 }]);
  assert.equal(await gateways.store.get(keyIn(deploymentKind, 'egress', 'default')), undefined);
  await gateways.store.delete(keyOf(service));
  await available(gateways, 'egress');
});

test('a child that a watched file took over is left to it', async (t) => {
  const gateways = await startGateways(t, [istioObject(), egress]);
  await available(gateways, 'egress');
  const { spec, apiVersion, kind } = await gateways.deployment('egress');
  const metadata = { name: 'egress', namespace: 'default' };
  await gateways.store.apply([{ apiVersion, kind, metadata, spec: { ...spec, replicas: 2 } }], {
    ownerFile: '/etc/egress.yaml',
  });
  await gateways.untilStatus(/^ReconcileFailed Deployment\/default\/egress belongs to \/etc\/egress.yaml/, 'egress');
  assert.equal((await gateways.deployment('egress')).spec.replicas, 2);
  await gateways.store.release([keyIn(deploymentKind, 'egress', 'default')]);
  await gateways.store.apply([{ apiVersion, kind, metadata, spec: { ...spec, replicas: 3 } }]);
  await until('set back', async () => (await gateways.deployment('egress')).spec.replicas === 1);
});

test('without an Istio object, and with two, a gateway says so and goes on serving', async (t) => {
  const gateways = await startGateways(t, [egress]);
  await gateways.untilStatus('ReconcileFailed there is no Istio object; apply one named istio-system/mesh', 'egress');
  assert.equal(await gateways.store.get(keyIn(deploymentKind, 'egress', 'default')), undefined);
  await gateways.store.apply([istioObject()]);
  await available(gateways, 'egress');
  const { status } = await gateways.gateway('egress');
  await gateways.store.apply([istioObject({}, 'other')]);
  const failed = await gateways.untilStatus(
    'ReconcileFailed there are 2 Istio objects (istio-system/mesh, istio-system/other); keep one',
    'egress',
  );
  assert.deepEqual(failed.status?.GatewayAddress, status?.GatewayAddress);
  assert.notEqual(await gateways.store.get(keyIn(deploymentKind, 'egress', 'default')), undefined);
  await gateways.store.delete(keyOf(istioObject({}, 'other')));
  await gateways.untilStatus('Available', 'egress');
  await gateways.store.delete(keyOf(istioObject()));
  await gateways.store.apply([istioObject({}, 'other')]);
  await gateways.untilStatus(/the Istio object istio-system\/other does not count/, 'egress');
});
