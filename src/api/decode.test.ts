import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDiagnostic } from '../platform/diagnostic.ts';
import { checkReference } from './check-object.ts';
import { type Decoded, decodeManifestBytes, decodeManifests, decodeObject } from './decode.ts';

const entry = `apiVersion: networking.istio.io/v1alpha3
kind: ServiceEntry
metadata:
  name: httpbin.org
  creationTimestamp: null
spec:
  hosts:
  - httpbin.org
  - www.httpbin.org
  ports:
  - number: 80
    name: http
    protocol: HTTP
  exportTo:
  - "."
  resolution: DNS
  location: MESH_EXTERNAL
`;

function lines(decoded: Decoded): readonly string[] {
  return decoded.diagnostics.map((diagnostic) => `${diagnostic.code} ${formatDiagnostic(diagnostic)}`);
}

test('an entry is stored as v1, in the namespace of the caller, as its author wrote it', () => {
  const { objects, diagnostics } = decodeManifests(entry, 'a.yaml', 'backyards-demo');
  assert.deepEqual(diagnostics, []);
  const { location, ...spec } = {
    hosts: ['httpbin.org', 'www.httpbin.org'],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    exportTo: ['.'],
    resolution: 'DNS',
    location: 'MESH_EXTERNAL',
  };
  assert.deepEqual(objects[0]?.object, {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: 'httpbin.org', namespace: 'backyards-demo' },
    spec: { ...spec, location },
  });
});

test('a place can be asked for afterwards', () => {
  const [decoded] = decodeManifests(`# a comment\n---\n${entry}`, 'a.yaml').objects;
  assert.deepEqual(decoded?.locate(['spec', 'ports', 0, 'protocol']), { file: 'a.yaml', line: 15, column: 15 });
  assert.deepEqual(decoded?.locate(['spec', 'ports', 0, 'targetPort']), { file: 'a.yaml', line: 13, column: 5 });
  assert.deepEqual(decoded?.locate(['spec', 'hosts']), { file: 'a.yaml', line: 9, column: 3 });
  assert.deepEqual(decoded?.locate([]), { file: 'a.yaml', line: 3, column: 1 });
});

test('every mistake of a document is named at its place, and the other documents are returned', () => {
  const text = `${entry}---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: Wrong
spec:
  hosts: [a.example, '*']
  ports:
  - number: "80"
    name: http
    protcol: HTTP
  resolution: DSN
---
a: "b
---
${entry.replace('name: httpbin.org', 'name: second')}`;
  const decoded = decodeManifests(text, 'f.yaml');
  assert.deepEqual(
    decoded.objects.map(({ object }) => object.metadata.name),
    ['httpbin.org', 'second'],
  );
  assert.deepEqual(
    decoded.diagnostics.map(({ code, path, source }) => [code, path, source?.line, source?.column]),
    [
      ['SP0201', 'metadata.name', 22, 9],
      ['SP0302', 'spec.hosts[1]', 24, 22],
      ['SP0105', 'spec.ports[0].number', 26, 13],
      ['SP0104', 'spec.ports[0].protcol', 28, 5],
      ['SP0107', 'spec.resolution', 29, 15],
      ['SP0003', '', 32, 1],
    ],
  );
});

for (const [what, text, expected] of [
  [
    'a mistyped field',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: a, lables: {}}\nspec: {containers: [{name: a}]}',
    "SP0104 f:3:21 Pod/default/a metadata.lables: unknown field 'lables'; did you mean 'labels'?",
  ],
  [
    'a mistyped kind',
    'apiVersion: networking.istio.io/v1\nkind: ServiceEntri\nmetadata: {name: a}',
    "SP0102 f:2:7 ServiceEntri/default/a kind: unknown kind 'ServiceEntri'; did you mean 'ServiceEntry'?",
  ],
  [
    'a wrong group',
    'apiVersion: v1\nkind: ServiceEntry\nmetadata: {name: a}',
    "SP0102 f:1:13 ServiceEntry/default/a apiVersion: there is no ServiceEntry in 'v1'; write networking.istio.io/v1 or networking.istio.io/v1beta1 or networking.istio.io/v1alpha3",
  ],
  [
    'an unknown version',
    'apiVersion: v2\nkind: Namespace\nmetadata: {name: a}',
    "SP0103 f:1:13 Namespace/a apiVersion: Namespace has no version 'v2'; write v1",
  ],
  ['no kind', 'apiVersion: v1', 'SP0106 f:1:1 kind: is required'],
  [
    'no name',
    'apiVersion: v1\nkind: Namespace\nmetadata:\n  labels: {a: b}\n',
    'SP0106 f:3:1 metadata.name: is required',
  ],
  [
    'a text for a document',
    'hello',
    'SP0101 f:1:1 expected an object, got the text "hello"; start with apiVersion and kind',
  ],
  [
    'an unquoted annotation',
    'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  annotations: {inject: true}',
    'SP0105 f:5:25 Namespace/a metadata.annotations.inject: expected a text, got a boolean; put it in quotes',
  ],
  [
    'a bad label',
    'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n  labels: {a: "b c"}',
    "SP0203 f:5:15 Namespace/a metadata.labels.a: 'b c' is not a label value; letters, digits, '-', '_' and '.', a letter or digit at both ends, at most 63 characters",
  ],
  [
    'a namespace that is none',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: A_B}',
    "SP0202 f:3:32 ConfigMap/A_B/a metadata.namespace: 'A_B' is not a name of a namespace; lower case letters, digits and '-', a letter or digit at both ends, at most 63 characters",
  ],
  [
    'a text for a list',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    args: -v',
    'SP0105 f:7:11 Pod/default/a spec.containers[0].args: expected a list, got the text "-v"; write a list: [-v]',
  ],
] as const) {
  test(`${what} is named with its mend`, () => {
    const decoded = decodeManifests(text, 'f');
    assert.deepEqual(lines(decoded), [expected]);
    assert.deepEqual(decoded.objects, []);
  });
}

test('a namespace on a cluster-wide object is dropped with a warning', () => {
  const { objects, diagnostics } = decodeManifests(
    '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a","namespace":"b"}}',
    'f',
  );
  assert.deepEqual(
    diagnostics.map(({ severity, code }) => [severity, code]),
    [['warning', 'SP0205']],
  );
  assert.deepEqual(objects[0]?.object.metadata, { name: 'a' });
});

test('a List is unpacked, and a bad item keeps no other out', () => {
  const item = (name: string, more = '') => `- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: ${name}}\n${more}`;
  const text = `apiVersion: v1\nkind: List\nitems:\n${item('a')}${item('b', '  dta: {}\n')}${item('c', '  kind: Pod\n')}${item('d')}`;
  const decoded = decodeManifests(text, 'f');
  assert.deepEqual(
    decoded.objects.map(({ object }) => object.metadata.name),
    ['a', 'd'],
  );
  assert.deepEqual(
    decoded.diagnostics.map(({ code, source }) => [code, source?.line]),
    [
      ['SP0006', 14],
      ['SP0104', 10],
    ],
  );
  assert.deepEqual(decoded.objects[1]?.locate(['metadata', 'name']), { file: 'f', line: 17, column: 20 });
});

test('JSON is read with its places, also when it is indented with tabs', () => {
  const decoded = decodeManifests(
    '{\n\t"apiVersion": "v1",\n\t"kind": "Namespace",\n\t"metadata": {"name": "A"}\n}',
    'f.json',
  );
  assert.deepEqual(
    decoded.diagnostics.map(({ source }) => source),
    [{ file: 'f.json', line: 4, column: 23 }],
  );
});

test('keys named like parts of Object are data and pollute nothing', () => {
  const text =
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: constructor}\ndata: {__proto__: "1", constructor: "2", toString: "3"}';
  for (const object of [
    decodeManifests(text, 'f').objects[0]?.object,
    decodeObject({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'constructor' },
      data: JSON.parse('{"__proto__":"1","constructor":"2","toString":"3"}'),
    }).object,
  ]) {
    assert.equal(JSON.stringify(object?.data), '{"__proto__":"1","constructor":"2","toString":"3"}');
  }
  const refused = decodeObject(
    JSON.parse('{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a"},"__proto__":{"polluted":1}}'),
  );
  assert.deepEqual(
    refused.diagnostics.map(({ code, path }) => [code, path]),
    [['SP0104', '__proto__']],
  );
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
});

test('a file is read until it has more than 1000 mistakes', () => {
  const wrong = (count: number) => {
    const bad = `apiVersion: v1\nkind: Namespace\nmetadata: { name: A }\n`;
    return decodeManifests(`${bad}---\n`.repeat(count) + entry, 'f');
  };
  const [exactly, more] = [wrong(1000), wrong(1001)];
  assert.deepEqual([exactly.objects.length, exactly.diagnostics.length], [1, 1000]);
  assert.deepEqual([more.objects.length, more.diagnostics.length], [0, 1002]);
  assert.match(more.diagnostics.at(-1)?.message ?? '', /more than 1000 mistakes/);
});

test('a reference is read of what is no object of its kind, and only where it names one', () => {
  const text = `
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: { name: routed, labels: { 'a b': 7 }, wrong: true }
spec: { http: [], hots: 7 }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: Routed }
---
apiVersion: networking.istio.io/v1
kind: VirtualServices
metadata: { name: routed }
---
apiVersion: v1
kind: Namespace
metadata: { name: shop }
`;
  const bytes = new TextEncoder().encode(text);
  const { objects, diagnostics } = decodeManifestBytes(bytes, 'f', 'shop', checkReference);
  assert.deepEqual(
    objects.map(({ object }) => object),
    [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: 'routed', namespace: 'shop' },
      },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    ],
  );
  assert.deepEqual(
    diagnostics.map(({ code, source }) => [code, source?.line]),
    [
      ['SP0201', 9],
      ['SP0102', 12],
    ],
  );
});

test('decodeObject checks what came as JSON', () => {
  const good = decodeObject(
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers: [{ name: 'a' }] } },
    'shop',
  );
  assert.equal(good.object?.metadata.namespace, 'shop');
  assert.equal(good.kind?.kind, 'Pod');
  for (const value of [undefined, null, 1, 'a', [], {}, { apiVersion: 1, kind: [] }]) {
    const { object, diagnostics } = decodeObject(value);
    assert.equal(object, undefined);
    assert.ok(diagnostics.length > 0 && diagnostics.every(({ source }) => source === undefined));
  }
});

test('bytes have to be UTF-8, and the first that is not is shown', () => {
  assert.equal(decodeManifestBytes(Buffer.from(`\uFEFF${entry}`), 'f').objects.length, 1);
  const bad = Buffer.concat([Buffer.from('a: ü\nb: ü'), Buffer.from([0xff]), Buffer.from('\nc: 1\n')]);
  const [diagnostic] = decodeManifestBytes(bad, 'f').diagnostics;
  assert.equal(diagnostic?.code, 'SP0001');
  assert.deepEqual(diagnostic?.source, { file: 'f', line: 2, column: 5 });
});
