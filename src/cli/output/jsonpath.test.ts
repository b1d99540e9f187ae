import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SallyportError } from '../../platform/errors.ts';
import { renderJsonPath } from './jsonpath.ts';

const mesh = {
  kind: 'Istio',
  metadata: { name: 'mesh', labels: { 'app.kubernetes.io/name': 'istio', tier: 'web' } },
  spec: { outboundTrafficPolicy: { mode: 'ALLOW_ANY' }, replicas: 3, on: true, none: null },
};

const list = {
  kind: 'List',
  items: [
    { metadata: { name: 'a', namespace: 'x' }, spec: { hosts: ['a.com', 'b.com'], port: 80 } },
    { metadata: { name: 'b', namespace: 'y' }, spec: { hosts: ['c.com'], port: 443 } },
    { metadata: { name: "it's", namespace: 'y' }, spec: { port: 8080 } },
  ],
};

const table: readonly (readonly [string, unknown, string])[] = [
  ['{@.spec.outboundTrafficPolicy.mode}{"\\n"}', mesh, 'ALLOW_ANY\n'],
  ['{.spec.outboundTrafficPolicy.mode}', mesh, 'ALLOW_ANY'],
  ['{$.metadata.name}', mesh, 'mesh'],
  ['.metadata.name', mesh, 'mesh'],
  ['{.spec.replicas} {.spec.on} {.spec.none}', mesh, '3 true null'],
  ['{.spec.outboundTrafficPolicy}', mesh, '{"mode":"ALLOW_ANY"}'],
  ['{.metadata.labels.app\\.kubernetes\\.io/name}', mesh, 'istio'],
  ["{.metadata.labels['app.kubernetes.io/name']}", mesh, 'istio'],
  ["{.metadata['labels']['tier']}", mesh, 'web'],
  ['{.spec.missing.deeper}', mesh, ''],
  ['{.__proto__}{.metadata.constructor}', mesh, ''],
  ['name: {.metadata.name}, done', mesh, 'name: mesh, done'],
  ['{.items[*].metadata.name}', list, "a b it's"],
  ['{.items[0].metadata.name}', list, 'a'],
  ['{.items[-1].spec.port}', list, '8080'],
  ['{.items[5].metadata.name}', list, ''],
  ['{.items[0:2].metadata.name}', list, 'a b'],
  ['{.items[1:].metadata.name}', list, "b it's"],
  ['{.items[::2].metadata.name}', list, "a it's"],
  ['{.items[0,2].spec.port}', list, '80 8080'],
  ["{.items[0]['metadata','spec'].port}", list, '80'],
  ['{.items[*].spec.hosts}', list, '["a.com","b.com"] ["c.com"]'],
  ['{.items[*].spec.hosts[*]}', list, 'a.com b.com c.com'],
  ['{..port}', list, '80 443 8080'],
  ['{.items[0].spec.*}', list, '["a.com","b.com"] 80'],
  ['{.items[?(@.metadata.name=="b")].spec.port}', list, '443'],
  ["{.items[?(@.metadata.namespace=='y')].metadata.name}", list, "b it's"],
  ['{.items[?(@.spec.port>80)].metadata.name}', list, "b it's"],
  ['{.items[?(@.spec.port<=443)].metadata.name}', list, 'a b'],
  ['{.items[?(@.spec.port!=443)].metadata.name}', list, "a it's"],
  ['{.items[?(@.spec.hosts)].metadata.name}', list, 'a b'],
  ['{range .items[*]}{.metadata.name}{"\\t"}{.spec.port}{"\\n"}{end}', list, "a\t80\nb\t443\nit's\t8080\n"],
  ['{range .items[*]}[{range .spec.hosts[*]}{@},{end}]{end}', list, '[a.com,b.com,][c.com,][]'],
  ['{"quoted } brace"}', list, 'quoted } brace'],
];

for (const [template, root, expected] of table) {
  test(`jsonpath ${template}`, () => assert.equal(renderJsonPath(template, root), expected));
}

for (const template of ['{.a', '{range .items[*]}x', '{end}', '{.a[}', '{.a[x y]}', '{"open}', '{.a !}']) {
  test(`jsonpath ${template} is refused as wrong usage`, () => {
    assert.throws(
      () => renderJsonPath(template, {}),
      (error) => error instanceof SallyportError && error.exitCode === 2,
    );
  });
}
