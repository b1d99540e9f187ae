import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeManifests, decodeObject } from '../decode.ts';
import { type MeshGateway, meshGatewayKind } from './mesh-gateway.ts';

const http = { name: 'http', port: 8000, protocol: 'TCP', targetPort: 8000 } as const;

const echo: MeshGateway = {
  apiVersion: 'istio.banzaicloud.io/v1beta1',
  kind: 'MeshGateway',
  metadata: { name: 'echo-ingress', namespace: 'default' },
  spec: { type: 'ingress', ports: [http] },
};

function findings(spec: Readonly<Record<string, unknown>>, name = 'echo-ingress'): readonly string[] {
  const { diagnostics } = decodeObject({ ...echo, metadata: { name }, spec: { ...echo.spec, ...spec } });
  return diagnostics.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
}

function cells(gateway: MeshGateway): readonly string[] {
  return meshGatewayKind.columns.map((column) => column.value(meshGatewayKind.withDefaults(gateway)));
}

test('the gateway of the blog is taken as it stands', () => {
  const { objects, diagnostics } = decodeManifests(
    `apiVersion: istio.banzaicloud.io/v1beta1
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
`,
    'f',
  );
  assert.deepEqual([objects.length, diagnostics], [1, []]);
});

test('the columns are those of the operator, addresses as Go prints them', () => {
  assert.deepEqual(
    meshGatewayKind.columns.map(({ title }) => title),
    ['TYPE', 'SERVICE TYPE', 'STATUS', 'INGRESS IPS', 'ERROR'],
  );
  assert.deepEqual(cells(echo), ['ingress', 'LoadBalancer', '', '', '']);
  const status = { Status: 'Available', GatewayAddress: ['18.185.173.38', '18.197.110.20'] };
  const available = ['ingress', 'LoadBalancer', 'Available', '[18.185.173.38 18.197.110.20]', ''];
  assert.deepEqual(cells({ ...echo, status }), available);
  const failed = { Status: 'ReconcileFailed', ErrorMessage: 'no Istio' };
  assert.deepEqual(cells({ ...echo, status: failed }).slice(2), ['ReconcileFailed', '', 'no Istio']);
});

test('defaults follow the type, and what is written wins', () => {
  const { spec: ingress } = meshGatewayKind.withDefaults({ ...echo, spec: { type: 'ingress', ports: [{ port: 80 }] } });
  assert.equal(ingress.serviceType, 'LoadBalancer');
  assert.deepEqual(ingress.ports, [{ protocol: 'TCP', targetPort: 80, port: 80 }]);
  assert.deepEqual(ingress.sds, { enabled: false });
  const written = { type: 'egress', ports: [http], sds: { enabled: true, image: 'agent' }, resources: {} } as const;
  const { spec: egress } = meshGatewayKind.withDefaults({ ...echo, spec: written });
  assert.equal(egress.serviceType, 'ClusterIP');
  assert.deepEqual([egress.sds, egress.resources], [{ enabled: false, image: 'agent' }, {}]);
});

for (const [given, expected] of [
  [{}, [1, 1, 1]],
  [{ replicaCount: 3 }, [3, 3, 3]],
  [{ minReplicas: 2 }, [2, 2, 2]],
  [{ maxReplicas: 5 }, [1, 1, 5]],
  [{ replicaCount: 3, minReplicas: 2 }, [3, 2, 3]],
  [{ replicaCount: 3, maxReplicas: 5 }, [3, 1, 5]],
  [{ minReplicas: 2, maxReplicas: 5 }, [2, 2, 5]],
  [{ replicaCount: 9, minReplicas: 1, maxReplicas: 5 }, [9, 1, 5]],
  [{ replicaCount: 0 }, [0, 0, 0]],
  [{ maxReplicas: 0 }, [1, 0, 0]],
] as const) {
  test(`${JSON.stringify(given)} means ${expected}`, () => {
    const { spec } = meshGatewayKind.withDefaults({ ...echo, spec: { ...echo.spec, ...given } });
    assert.deepEqual([spec.replicaCount, spec.minReplicas, spec.maxReplicas], expected);
  });
}

for (const [spec, expected] of [
  [{}, []],
  [{ type: 'both' }, ['error SP0107 spec.type']],
  [{ type: undefined }, ['error SP0106 spec.type']],
  [{ ports: undefined }, ['error SP0106 spec.ports']],
  [{ ports: [] }, ['error SP0108 spec.ports']],
  [{ ports: [{ port: 0 }] }, ['error SP0108 spec.ports[0].port']],
  [{ ports: [{ port: 80, targetPort: 70000 }] }, ['error SP0108 spec.ports[0].targetPort']],
  [{ ports: [{ ...http }, { port: 443 }] }, ['error SP0314 spec.ports[1].name']],
  [{ ports: [http, { ...http, port: 443 }] }, ['error SP0313 spec.ports[1].name']],
  [{ ports: [http, { ...http, name: 'again' }] }, ['error SP0313 spec.ports[1].port']],
  [{ ports: [http, { ...http, name: 'udp', protocol: 'UDP' }] }, ['warning SP1006 spec.ports[1].protocol']],
  [{ ports: [{ ...http, targetPort: 'http' }] }, []],
  [{ ports: [{ ...http, targetPort: 'web' }] }, ['error SP1003 spec.ports[0].targetPort']],
  [{ serviceType: 'External' }, ['error SP0107 spec.serviceType']],
  [{ serviceType: 'NodePort' }, ['warning SP1005 spec.serviceType']],
  [{ replicaCount: -1 }, ['error SP0108 spec.replicaCount']],
  [{ replicaCount: 1001 }, ['error SP0108 spec.replicaCount']],
  [{ minReplicas: 3, maxReplicas: 2 }, ['error SP1001 spec.minReplicas']],
  [{ minReplicas: 3 }, []],
  [{ replicaCount: 5, maxReplicas: 2 }, ['warning SP1002 spec.replicaCount']],
  [{ replicaCount: 1, minReplicas: 2, maxReplicas: 2 }, ['warning SP1002 spec.replicaCount']],
  [{ labels: { team: 'red', 'gateway-name': 'x' } }, ['error SP1004 spec.labels.gateway-name']],
  [{ labels: JSON.parse('{"__proto__": "x"}') }, ['error SP0203 spec.labels.__proto__']],
  [{ podAnnotations: { a: 1 } }, ['error SP0105 spec.podAnnotations.a']],
  [{ additionalEnvVars: [{ value: 'x' }] }, ['error SP0106 spec.additionalEnvVars[0].name']],
  [{ sds: { enabled: false, image: 'docker.io/istio/node-agent-k8s:1.4.3' } }, []],
  [{ sds: { enabled: true } }, ['warning SP1005 spec.sds']],
  [
    { resources: {}, nodeSelector: {}, tolerations: [] },
    ['warning SP1005 spec.nodeSelector', 'warning SP1005 spec.tolerations', 'warning SP1005 spec.resources'],
  ],
  [{ loadBalancerIP: '192.0.2.1' }, ['warning SP1005 spec.loadBalancerIP']],
  [{ replicas: 2 }, ['error SP0104 spec.replicas']],
] as const) {
  test(`${JSON.stringify(spec)} has ${expected.length} mistakes`, () => assert.deepEqual(findings(spec), expected));
}

test('its name is to be that of a Service', () => {
  assert.deepEqual(findings({}, 'echo.ingress'), ['error SP0201 metadata.name']);
  assert.deepEqual(findings({}, 'a'.repeat(64)), ['error SP0201 metadata.name']);
});

test('the gateways of an Istio object are checked alike', () => {
  const mesh = {
    apiVersion: 'istio.banzaicloud.io/v1beta1',
    kind: 'Istio',
    metadata: { name: 'mesh', namespace: 'istio-system' },
  };
  const checked = (gateways: unknown) =>
    decodeObject({ ...mesh, spec: { version: '1.4.3', gateways } }).diagnostics.map(({ code, path }) => [code, path]);
  assert.deepEqual(checked({ egress: { ports: [{ port: 80 }, { port: 443 }] } }), [
    ['SP0314', 'spec.gateways.egress.ports[0].name'],
    ['SP0314', 'spec.gateways.egress.ports[1].name'],
  ]);
  assert.deepEqual(checked({ ingress: { minReplicas: 6 } }), [['SP1001', 'spec.gateways.ingress.minReplicas']]);
  assert.deepEqual(checked({ ingress: { ports: [] } }), [['SP0108', 'spec.gateways.ingress.ports']]);
});
