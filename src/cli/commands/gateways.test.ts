// What a person sees of gateways: the real program, store, sockets and controllers; a hand says that their pods are ready.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { assertResult, startMeshForCli } from '../../../test/support/run-sallyport.ts';
import { until } from '../../../test/support/until.ts';
import { assignClusterIps } from '../../controllers/cluster-ip.ts';
import { startGatewayControllers } from '../../controllers/gateways/gateway-controllers.ts';
import type { ObjectStore } from '../../store/store.ts';

const istio = `apiVersion: istio.banzaicloud.io/v1beta1
kind: Istio
metadata: {name: mesh, namespace: istio-system}
spec: {version: 1.4.3}
`;
const echoIngress = `apiVersion: istio.banzaicloud.io/v1beta1
kind: MeshGateway
metadata:
  name: echo-ingress
  namespace: default
spec:
  maxReplicas: 1
  minReplicas: 1
  ports:
  - name: http
    port: 8000
    protocol: TCP
    targetPort: 8000
  serviceType: LoadBalancer
  type: ingress
`;
const name = 'meshgateway.istio.banzaicloud.io';

async function gatewayMesh(t: TestContext) {
  const mesh = await startMeshForCli(t);
  const life = new AbortController();
  const { signal } = life;
  const addresses = assignClusterIps(mesh.store, signal);
  t.after(async () => {
    life.abort();
    await addresses;
  });
  await startGatewayControllers({ store: mesh.store, signal, log: pino({ level: 'silent' }) }).ready;
  return mesh;
}

async function serve(store: ObjectStore, namespace: string, name: string, ips: readonly string[]): Promise<void> {
  const [deployment, service] = [
    { group: 'apps', kind: 'Deployment', namespace, name },
    { group: '', kind: 'Service', namespace, name },
  ];
  await until('what is made for the gateway', async () => (await store.get(service)) !== undefined);
  await store.updateStatus(deployment, { readyReplicas: 1 });
  await store.updateStatus(service, { loadBalancer: { ingress: ips.map((ip) => ({ ip })) } });
}

/** Columns are told apart by what kubectl puts between them. */
function lines(text: string): readonly (readonly string[])[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
}

test('a gateway is applied, shown and deleted in the words of kubectl', async (t) => {
  const { run, store } = await gatewayMesh(t);
  await run('apply -f -', istio);
  assertResult(await run('apply -f -', echoIngress), 0, `${name}/echo-ingress created\n`);
  await serve(store, 'default', 'echo-ingress', ['18.185.173.38', '18.197.110.20']);
  const row = await until('Available', async () => {
    const { stdout } = await run('-n default get meshgateways echo-ingress');
    return stdout.includes('Available') && stdout;
  });
  assert.deepEqual(lines(row), [
    ['NAME', 'TYPE', 'SERVICE TYPE', 'STATUS', 'INGRESS IPS', 'ERROR', 'AGE'],
    ['echo-ingress', 'ingress', 'LoadBalancer', 'Available', '[18.185.173.38 18.197.110.20]', lines(row)[1]?.at(-1)],
  ]);
  const { stdout } = await run('describe meshgateway echo-ingress');
  assert.match(stdout, /^Name: {10}echo-ingress\n/);
  assert.match(stdout, /\nSpec:\n[\s\S]* {2}serviceType: LoadBalancer\n/);
  assert.match(stdout, /\nStatus:\n {2}Status: Available\n {2}GatewayAddress:\n {2}- 18\.185\.173\.38\n/);
  assert.match(stdout, /\nPods: {10}<none>\nDiagnostics: {3}<none>\n$/);
  assertResult(await run('delete meshgateway echo-ingress'), 0, `${name} "echo-ingress" deleted\n`);
  assertResult(await run('get deployments,services'), 0, '', 'No resources found in default namespace.\n');
});

test('what is made for a gateway says whose it is; to change it there is without effect, and said so', async (t) => {
  const { run, store } = await gatewayMesh(t);
  await run('apply -f -', istio);
  await run('apply -f -', echoIngress);
  await serve(store, 'default', 'echo-ingress', ['192.0.2.1']);
  assert.match((await run('describe deployment echo-ingress')).stdout, /\nControlled By: MeshGateway\/echo-ingress\n/);
  const binding = (await run('describe clusterrolebinding echo-ingress-cluster-role-binding')).stdout;
  assert.match(binding, /\nRoleRef:\n {2}apiGroup: [\s\S]*\nSubjects:\n {2}- kind: ServiceAccount\n/);
  const belongs = 'note: deployment.apps/echo-ingress belongs to MeshGateway echo-ingress, which sets it back; change ';
  const scaled = 'deployment.apps/echo-ingress scaled\n';
  assertResult(
    await run('scale deployment/echo-ingress --replicas 3'),
    0,
    scaled,
    `${belongs}spec.replicaCount there\n`,
  );
  const updated = 'deployment.apps/echo-ingress env updated\n';
  const instead = `${belongs}spec.additionalEnvVars there\n`;
  assertResult(await run('set env deployment/echo-ingress A=1'), 0, updated, instead);
  const key = { group: 'apps', kind: 'Deployment', namespace: 'default', name: 'echo-ingress' };
  const before = await until('set back', async () => {
    const deployment = JSON.stringify((await store.get(key))?.spec);
    return deployment.includes('"replicas":1') && !deployment.includes('"name":"A"') && deployment;
  });
  assertResult(await run('rollout restart deployment/echo-ingress'), 0, 'deployment.apps/echo-ingress restarted\n');
  const after = JSON.stringify((await store.get(key))?.spec);
  assert.notEqual(after, before);
  assert.ok(after.includes('restartedAt'));
});

test("the mesh's own row has the addresses of its ingress gateway, and no policy before one is set", async (t) => {
  const { run, store } = await gatewayMesh(t);
  await run('apply -f -', istio);
  await serve(store, 'istio-system', 'istio-ingressgateway', ['18.184.240.108', '18.196.72.62']);
  await serve(store, 'istio-system', 'istio-egressgateway', []);
  const row = await until('Available', async () => {
    const { stdout } = await run('-n istio-system get istio mesh');
    return stdout.includes('Available') && stdout;
  });
  assert.deepEqual(lines(row)[0], ['NAME', 'STATUS', 'ERROR', 'GATEWAYS', 'AGE']);
  assert.match(row, /\nmesh +Available +\[18\.184\.240\.108 18\.196\.72\.62\] +\d+s\n$/);
  const mode = '-n istio-system get istio mesh -o jsonpath={@.spec.outboundTrafficPolicy.mode}';
  assertResult(await run(mode), 0, 'ALLOW_ANY');
  const policy = 'mesh wide outbound traffic policy is ';
  assertResult(await run('istio outbound-traffic-policy'), 0, `${policy}not found\n`);
  assertResult(await run('istio outbound-traffic-policy restricted'), 0, `${policy}set to 'REGISTRY_ONLY'\n`);
});
