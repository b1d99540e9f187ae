// Kinds that are kept for what is made of them in a cluster: they are read and shown as kubectl shows them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeManifests } from '../decode.ts';

function table(text: string): Readonly<Record<string, string>> {
  const { objects, diagnostics } = decodeManifests(text, 'f');
  assert.deepEqual(diagnostics, []);
  const [decoded] = objects;
  assert.ok(decoded !== undefined);
  const object = decoded.kind.withDefaults(decoded.object);
  return Object.fromEntries(decoded.kind.columns.map((column) => [column.title, column.value(object)]));
}

function codes(text: string): readonly string[] {
  return decodeManifests(text, 'f').diagnostics.map(({ code, path }) => `${code} ${path}`);
}

const role = `apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, creationTimestamp: "2020-02-02T19:15:14Z"}
rules:
- {apiGroups: [""], resources: [secrets], verbs: [get, watch, list]}
`;

test('roles', () => {
  assert.deepEqual(table(role), { 'CREATED AT': '2020-02-02T19:15:14Z' });
  const wide = `${role.replace('kind: Role', 'kind: ClusterRole')}- {nonResourceURLs: [/metrics], verbs: [get]}\n`;
  assert.deepEqual(table(`${wide}aggregationRule: {clusterRoleSelectors: []}\n`), {
    'CREATED AT': '2020-02-02T19:15:14Z',
  });
  assert.deepEqual(codes(role.replace('verbs', 'verb')), ['SP0106 rules[0].verbs', 'SP0104 rules[0].verb']);
  assert.deepEqual(codes(`${role}aggregationRule: {}\n`), ['SP0104 aggregationRule']);
});

test('bindings', () => {
  const binding = `apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
- {kind: ServiceAccount, name: gateway, namespace: default}
- {kind: ServiceAccount, name: gateway, namespace: shop}
- {kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}
`;
  const shown = {
    ROLE: 'Role/reader',
    USERS: 'jane',
    GROUPS: '',
    SERVICEACCOUNTS: 'default/gateway, shop/gateway',
  };
  assert.deepEqual(table(binding), shown);
  const everywhere = binding.replace('kind: RoleBinding', 'kind: ClusterRoleBinding');
  assert.deepEqual(table(everywhere), shown);
  assert.deepEqual(codes(binding.replace('kind: User', 'kind: Robot')), ['SP0107 subjects[2].kind']);
});

test('autoscalers', () => {
  const scaler = `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: echo}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: echo}
  maxReplicas: 5
  metrics:
  - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}
`;
  assert.deepEqual(table(scaler), {
    REFERENCE: 'Deployment/echo',
    TARGETS: 'cpu: <unknown>/80%',
    MINPODS: '1',
    MAXPODS: '5',
    REPLICAS: '0',
  });
  assert.deepEqual(codes(scaler.replace('maxReplicas: 5', 'maxReplicas: 0')), ['SP0108 spec.maxReplicas']);
});

test('disruption budgets', () => {
  const budget = `apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: echo}
spec: {minAvailable: 1, selector: {matchLabels: {app: echo}}}
`;
  const shown = { 'MIN AVAILABLE': '1', 'MAX UNAVAILABLE': 'N/A', 'ALLOWED DISRUPTIONS': '0' };
  assert.deepEqual(table(budget), shown);
  assert.deepEqual(codes(budget.replace('minAvailable: 1', 'minAvailable: [1]')), ['SP0105 spec.minAvailable']);
});
