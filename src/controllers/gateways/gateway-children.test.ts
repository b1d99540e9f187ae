import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeObject } from '../../api/decode.ts';
import type { Istio } from '../../api/kinds/istio.ts';
import type { MeshGatewaySpec } from '../../api/kinds/mesh-gateway.ts';
import { keyOf, resourceName } from '../../api/object.ts';
import { buildClusterRole, buildClusterRoleBinding } from './gateway-access.ts';
import { gatewayChildren } from './gateway-children.ts';
import { buildDeployment } from './gateway-deployment.ts';
import { buildService } from './gateway-service.ts';
import { gatewayContext, http, meshGateway } from './testing/gateways.ts';

const always = [
  'ClusterRole/echo-ingress-cluster-role',
  'ClusterRoleBinding/echo-ingress-cluster-role-binding',
  'Deployment/default/echo-ingress',
  'Service/default/echo-ingress',
  'ServiceAccount/default/echo-ingress-service-account',
];
const autoscaler = 'HorizontalPodAutoscaler/default/echo-ingress-autoscaler';
const budget = 'PodDisruptionBudget/default/echo-ingress';
const sds = ['Role/default/echo-ingress-role-sds', 'RoleBinding/default/echo-ingress-role-binding-sds'];

const cases: readonly (readonly [Partial<MeshGatewaySpec>, Partial<Istio['spec']>, readonly string[]])[] = [
  [{}, {}, always],
  [{ minReplicas: 1, maxReplicas: 5 }, {}, [...always, autoscaler]],
  [{ minReplicas: 2, maxReplicas: 2 }, {}, always],
  [{ minReplicas: 0, maxReplicas: 2 }, {}, always],
  [{ replicaCount: 3 }, {}, always],
  [{}, { defaultPodDisruptionBudget: { enabled: true } }, [...always, budget]],
  [{ sds: { enabled: true } }, {}, [...always, ...sds]],
  [{ type: 'egress', sds: { enabled: true } }, {}, always],
];

for (const [spec, istio, expected] of cases) {
  test(`${JSON.stringify([spec, istio])} makes ${expected.length} objects`, () => {
    const children = gatewayChildren(gatewayContext(spec, istio));
    const wanted = children.filter((child) => child.wanted).map(({ object }) => resourceName(keyOf(object)));
    assert.deepEqual(wanted.toSorted(), expected.toSorted());
    for (const { object } of children) {
      assert.deepEqual(decodeObject(object).diagnostics, [], object.kind);
      const { labels = {}, ownerReferences = [] } = object.metadata;
      const type = spec.type ?? 'ingress';
      assert.deepEqual([labels['gateway-name'], labels['gateway-type']], ['echo-ingress', type], object.kind);
      const { apiVersion, kind } = meshGateway();
      const owner = { apiVersion, kind, name: 'echo-ingress', uid: 'uid-1' };
      assert.deepEqual(ownerReferences, [{ ...owner, blockOwnerDeletion: true, controller: true }], object.kind);
    }
  });
}

test('labels of the gateway are on its pods; they are selected by those that nobody else has', () => {
  const context = gatewayContext({ labels: { istio: 'ingressgateway' }, podAnnotations: { team: 'red' } });
  const own = { 'gateway-name': 'echo-ingress', 'gateway-type': 'ingress' };
  const { metadata, spec } = buildDeployment(context);
  assert.deepEqual(metadata.labels, { istio: 'ingressgateway', ...own });
  assert.deepEqual(spec.template.metadata?.labels, { istio: 'ingressgateway', ...own });
  assert.deepEqual(spec.template.metadata?.annotations, { team: 'red', 'sidecar.istio.io/inject': 'false' });
  assert.deepEqual(spec.selector, { matchLabels: own });
  assert.deepEqual(buildService(context).spec.selector, own);
});

for (const [given, replicas] of [
  [{}, 1],
  [{ replicaCount: 3, minReplicas: 1, maxReplicas: 5 }, 3],
  [{ replicaCount: 9, minReplicas: 1, maxReplicas: 5 }, 5],
  [{ replicaCount: 1, minReplicas: 2, maxReplicas: 5 }, 2],
  [{ replicaCount: 0 }, 0],
] as const) {
  test(`${JSON.stringify(given)} are ${replicas} pods`, () =>
    assert.equal(buildDeployment(gatewayContext(given)).spec.replicas, replicas));
}

test('the container has the arguments that make it a gateway', () => {
  const [container] = buildDeployment(gatewayContext()).spec.template.spec.containers;
  assert.equal(container?.name, 'istio-proxy');
  assert.equal(
    container.args?.join(' '),
    'proxy router --domain $(POD_NAMESPACE).svc.cluster.local --log_output_level info --drainDuration 45s ' +
      '--parentShutdownDuration 1m0s --connectTimeout 10s --serviceCluster echo-ingress --proxyAdminPort 15000 ' +
      '--statusPort 15020 --controlPlaneAuthPolicy NONE --discoveryAddress istio-pilot.istio-system:15010 ' +
      '--trust-domain cluster.local',
  );
  assert.deepEqual(container.ports, [
    { name: 'http', containerPort: 8000, protocol: 'TCP' },
    { name: 'http-envoy-prom', containerPort: 15090, protocol: 'TCP' },
  ]);
  const variables = new Map(container.env?.map(({ name, value }) => [name, value]));
  // In the gateway's namespace, not in that of the Istio object.
  const owner = 'kubernetes://apis/apps/v1/namespaces/default/deployments/echo-ingress';
  assert.equal(variables.get('ISTIO_META_OWNER'), owner);
  assert.equal(variables.get('ISTIO_META_ROUTER_MODE'), 'sni-dnat');
  assert.equal(variables.get('ISTIO_METAJSON_LABELS'), '{"gateway-name":"echo-ingress","gateway-type":"ingress"}');
});

test('with control plane security the proxy goes to the other port', () => {
  const context = gatewayContext(
    { additionalEnvVars: [{ name: 'A', value: '1' }] },
    { controlPlaneSecurityEnabled: true },
  );
  const [container] = buildDeployment(context).spec.template.spec.containers;
  assert.match(container?.args?.join(' ') ?? '', /MUTUAL_TLS --discoveryAddress istio-pilot\.istio-system:15011 /);
  assert.deepEqual(container?.env?.at(-1), { name: 'A', value: '1' });
});

test('the policy of the mesh changes nothing of a gateway', () => {
  const built = (mode: 'ALLOW_ANY' | 'REGISTRY_ONLY') =>
    gatewayChildren(gatewayContext({}, { outboundTrafficPolicy: { mode } }));
  assert.deepEqual(built('ALLOW_ANY'), built('REGISTRY_ONLY'));
});

const ports = [
  { name: 'http', port: 80 },
  { name: 'https', port: 443, targetPort: 8443 },
  { name: 'alias', port: 8080, targetPort: 'http' },
  { name: 'again', port: 81, targetPort: 80 },
  { name: 'a-name-that-is-too-long', port: 9000, appProtocol: 'grpc' },
] as const;

for (const [lowestPort, targets, listened] of [
  [1, [80, 8443, 80, 80, 9000], ['http 80', 'https 8443', ' 9000']],
  [1024, [10080, 8443, 10080, 10080, 9000], ['http 10080', 'https 8443', ' 9000']],
] as const) {
  test(`with ports from ${lowestPort} on a gateway listens on ${listened.join(', ')}`, () => {
    const context = gatewayContext({ ports }, {}, lowestPort);
    const service = buildService(context);
    assert.deepEqual(
      service.spec.ports?.map(({ port, targetPort }) => [port, targetPort]),
      ports.map(({ port }, index) => [port, targets[index]]),
    );
    assert.equal(service.spec.ports?.at(-1)?.appProtocol, 'grpc');
    const [container] = buildDeployment(context).spec.template.spec.containers;
    const declared = container?.ports?.map(({ name = '', containerPort }) => `${name} ${containerPort}`);
    assert.deepEqual(declared, [...listened, 'http-envoy-prom 15090']);
  });
}

test('the Service is of its type, with its own labels and annotations', () => {
  const { metadata, spec } = buildService(
    gatewayContext({
      serviceLabels: { tier: 'edge' },
      serviceAnnotations: { lb: 'internal' },
      loadBalancerIP: '192.0.2.1',
      ports: [{ ...http, nodePort: 30080 }],
    }),
  );
  assert.equal(metadata.labels?.['tier'], 'edge');
  assert.deepEqual(metadata.annotations, { lb: 'internal' });
  assert.deepEqual([spec.type, spec.loadBalancerIP], ['LoadBalancer', '192.0.2.1']);
  assert.deepEqual(spec.ports, [{ ...http, nodePort: 30080 }]);
});

test('gateways of one name in two namespaces share the roles of the cluster, whichever they are made for', () => {
  const context = gatewayContext();
  const other = {
    ...meshGateway({}, 'echo-ingress', 'shop'),
    metadata: { name: 'echo-ingress', namespace: 'shop', uid: 'uid-2' },
  };
  const namesakes = [...context.namesakes, other];
  const [ours, theirs] = [
    { ...context, namesakes },
    { ...context, gateway: other, namesakes },
  ];
  assert.deepEqual(buildClusterRole(ours), buildClusterRole(theirs));
  const binding = buildClusterRoleBinding(ours);
  assert.deepEqual(binding, buildClusterRoleBinding(theirs));
  assert.deepEqual(
    binding.subjects?.map(({ namespace, name }) => `${namespace}/${name}`),
    ['default/echo-ingress-service-account', 'shop/echo-ingress-service-account'],
  );
  assert.deepEqual(
    binding.metadata.ownerReferences?.map(({ uid, controller }) => [uid, controller]),
    [
      ['uid-1', true],
      ['uid-2', undefined],
    ],
  );
});
