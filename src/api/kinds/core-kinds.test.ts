import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeManifests, decodeObject } from '../decode.ts';
import type { Kind } from '../kind.ts';
import type { KubeObject } from '../object.ts';

function decoded(text: string): { readonly object: KubeObject; readonly kind: Kind } {
  const { objects, diagnostics } = decodeManifests(text, 'f');
  assert.deepEqual(diagnostics, []);
  assert.ok(objects[0] !== undefined);
  return objects[0];
}

function cells(text: string): readonly string[] {
  const { object, kind } = decoded(text);
  return kind.columns.filter(({ wide }) => wide !== true).map((column) => column.value(object));
}

function codes(text: string): readonly string[] {
  return decodeManifests(text, 'f').diagnostics.map(({ code, path }) => `${code} ${path}`);
}

const pod = `apiVersion: v1
kind: Pod
metadata: {name: echo, labels: {k8s-app: echo}}
spec:
  serviceAccountName: echo
  hostname: echo-1
  containers:
  - name: echo-service
    image: k8s.gcr.io/echoserver:1.10
    command: [node, server.js]
    args: ["8080"]
    workingDir: /srv
    env:
    - {name: PORT, value: "8080"}
    - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    ports:
    - {containerPort: 8080, name: http, protocol: TCP}
    resources: {limits: {cpu: 100m}}
    readinessProbe: {httpGet: {path: /, port: 8080}}
    volumeMounts: [{name: v, mountPath: /v}]
  volumes: [{name: v, emptyDir: {}}]
  nodeSelector: {a: b}
`;

test('a pod as people write it is accepted whole', () => {
  const { object, kind } = decoded(pod);
  assert.deepEqual(Object.keys(Object(object.spec)).toSorted(), [
    'containers',
    'hostname',
    'nodeSelector',
    'serviceAccountName',
    'volumes',
  ]);
  assert.equal(JSON.stringify(kind.withDefaults(object)).includes('"restartPolicy":"Always"'), true);
  assert.deepEqual(cells(pod), ['0/1', 'Pending', '0']);
  const running = `${pod}status:\n  phase: Running\n  containerStatuses: [{name: echo-service, ready: true, restartCount: 2}]\n`;
  assert.deepEqual(cells(running), ['1/1', 'Running', '2']);
  const failing = running.replace('ready: true', 'ready: false, state: {waiting: {reason: CrashLoopBackOff}}');
  assert.deepEqual(cells(failing), ['0/1', 'CrashLoopBackOff', '2']);
});

test("mistakes in what a pod's process is made of are found", () => {
  assert.deepEqual(codes(pod.replace('args: ["8080"]', 'args: [8080]')), ['SP0105 spec.containers[0].args[0]']);
  assert.deepEqual(codes(pod.replace('value: "8080"', 'value: 8080')), ['SP0105 spec.containers[0].env[0].value']);
  assert.deepEqual(codes(pod.replace('hostname: echo-1', 'restartPolicy: Sometimes')), ['SP0107 spec.restartPolicy']);
  assert.deepEqual(codes('apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: []}'), [
    'SP0108 spec.containers',
  ]);
});

test('a service account has the name of an object, so that no identity passes for one of another namespace', () => {
  for (const name of ['x/ns/shop/sa/web', 'x-shop/sa/y', 'Web', 'ŀ', 'a,URI:spiffe://cluster.local/ns/shop/sa/web']) {
    const named = pod.replace('serviceAccountName: echo', `serviceAccountName: "${name}"`);
    assert.deepEqual(codes(named), ['SP0201 spec.serviceAccountName'], name);
  }
  for (const name of ['web', 'web.v2', '']) {
    assert.deepEqual(codes(pod.replace('serviceAccountName: echo', `serviceAccountName: "${name}"`)), [], name);
  }
});

const service = `apiVersion: v1
kind: Service
metadata: {name: echo}
spec:
  selector: {k8s-app: echo}
  ports:
  - {name: http, port: 80, targetPort: 8080}
  - {name: https, port: 443, targetPort: https}
`;

test('a service shows what kubectl shows, and its defaults', () => {
  assert.deepEqual(cells(service), ['ClusterIP', '<none>', '<none>', '80/TCP,443/TCP']);
  const { object, kind } = decoded(service.replace(', targetPort: 8080', ''));
  assert.match(JSON.stringify(kind.withDefaults(object)), /"protocol":"TCP","targetPort":80,"name":"http"/);
  assert.deepEqual(cells(`${service}status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}\n`)[2], '192.0.2.1');
  const elsewhere = 'status: {loadBalancer: {ingress: [{ip: 127.0.2.1, ports: [{port: 10080}, {port: 443}]}]}}';
  assert.deepEqual(cells(`${service}${elsewhere}\n`)[3], '80:10080/TCP,443/TCP');
});

test('mistakes in a service are found', () => {
  assert.deepEqual(codes(service.replace('name: echo', 'name: a.b')), ['SP0201 metadata.name']);
  assert.deepEqual(codes(service.replace('name: https', 'name: http')), ['SP0313 spec.ports[1].name']);
  assert.deepEqual(codes(service.replace('name: https, ', '')), ['SP0314 spec.ports[1].name']);
  assert.deepEqual(codes(service.replace('name: https', 'name: Https')), ['SP0314 spec.ports[1].name']);
  assert.deepEqual(codes(service.replace('targetPort: 8080', 'targetPort: [8080]')), [
    'SP0105 spec.ports[0].targetPort',
  ]);
});

test('namespaces, service accounts, config maps and secrets are accepted and shown', () => {
  assert.deepEqual(cells('apiVersion: v1\nkind: Namespace\nmetadata: {name: a}'), ['Active']);
  assert.deepEqual(codes('apiVersion: v1\nkind: Namespace\nmetadata: {name: a.b}'), ['SP0201 metadata.name']);
  assert.deepEqual(
    cells('apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\nautomountServiceAccountToken: false'),
    ['0'],
  );
  assert.deepEqual(
    cells('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: "1", b: "2"}\nbinaryData: {c: YQ==}'),
    ['3'],
  );
  const secret =
    'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: kubernetes.io/tls\ndata: {tls.crt: YQ==}\nstringData: {tls.key: b}';
  assert.deepEqual(cells(secret), ['kubernetes.io/tls', '2']);
});

test('no diagnostic shows a value of a Secret', () => {
  const base = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } };
  for (const fields of [
    { data: { k: 'canary-canary' } },
    { data: 'canary' },
    { stringData: { k: 424242 } },
    { stringData: 'canary' },
  ]) {
    const text = JSON.stringify(decodeObject({ ...base, ...fields }).diagnostics);
    assert.doesNotMatch(text, /canary|424242/);
    assert.match(text, /"severity":"error"/);
  }
});

test('the address of a pod on the host must be one', () => {
  const annotated = (address: string) =>
    codes(`apiVersion: v1
kind: Pod
metadata: {name: a, annotations: {egress.sallyport.dev/host-address: "${address}"}}
spec: {hostNetwork: true, containers: [{name: a, command: [a]}]}`);
  assert.deepEqual(annotated('192.0.2.1'), []);
  assert.deepEqual(annotated('192.0.2.1/24'), ['SP0307 metadata.annotations["egress.sallyport.dev/host-address"]']);
});
