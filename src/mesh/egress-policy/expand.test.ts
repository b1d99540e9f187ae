// What EgressPolicies stand for: objects that Istio's own validation would take, the same ones each time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeManifests, decodeObject } from '../../api/decode.ts';
import { egressPolicyKind } from '../../api/kinds/egress-policy.ts';
import type { KubeObject } from '../../api/object.ts';
import { type ExpandContext, expandEgressPolicy } from './expand.ts';

const free: ExpandContext = { isFree: () => true, mutualTls: true };

function expand(spec: string, context: ExpandContext = free, namespace = 'shop', name = 'pay'): readonly KubeObject[] {
  const text = `apiVersion: egress.sallyport.dev/v1alpha1
kind: EgressPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}`;
  const { objects, diagnostics } = decodeManifests(text, 'policy.yaml');
  assert.deepEqual(diagnostics, []);
  const [decoded] = objects;
  assert.ok(decoded !== undefined);
  return expandEgressPolicy(egressPolicyKind.withDefaults(egressPolicyKind.schema.parse(decoded.object)), context);
}

function names(objects: readonly KubeObject[]): readonly string[] {
  return objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
}

const specs = {
  plain: '{ hosts: [api.test] }',
  originated: '{ hosts: [api.test, b.test], tls: { mode: SIMPLE } }',
  gateway: '{ hosts: [api.test], gateway: istio-system/egress }',
  wildcard: '{ hosts: ["*.api.test"], gateway: egress }',
  database: '{ hosts: [a.db.test, b.db.test], ports: [{ number: 5432, protocol: TCP }] }',
  all: '{ hosts: [api.test, "*.api.test"], gateway: istio-system/egress, tls: { mode: SIMPLE }, methods: [GET] }',
  grpc: '{ hosts: [api.test, "*.b.test"], ports: [{ number: 8443, protocol: HTTPS }, { number: 9000, protocol: GRPC }] }',
};

for (const [title, spec] of Object.entries(specs)) {
  for (const mutualTls of [true, false]) {
    test(`${title}: every object is valid, ${mutualTls ? 'with' : 'without'} certificates`, () => {
      for (const object of expand(spec, { ...free, mutualTls })) {
        const { diagnostics } = decodeObject(object);
        assert.deepEqual(
          diagnostics.filter(({ code }) => code !== 'SP0111'),
          [],
          `${object.kind}/${object.metadata.name}`,
        );
      }
    });
  }
}

for (const [title, expected] of [
  ['plain', ['ServiceEntry/pay']],
  ['originated', ['ServiceEntry/pay', 'DestinationRule/pay', 'DestinationRule/pay-1']],
  ['gateway', ['ServiceEntry/pay', 'Gateway/pay', 'VirtualService/pay', 'DestinationRule/pay-gateway']],
  ['database', ['ServiceEntry/pay', 'ServiceEntry/pay-1']],
  [
    'all',
    [
      'ServiceEntry/pay',
      'ServiceEntry/pay-wildcards',
      'DestinationRule/pay',
      'DestinationRule/pay-1',
      'Gateway/pay',
      'VirtualService/pay',
      'VirtualService/pay-1',
      'DestinationRule/pay-gateway',
    ],
  ],
] as const) {
  test(`${title}: which objects`, () => assert.deepEqual(names(expand(specs[title])), expected));
}

test('a policy of a namespace is seen there and by its gateway, one of the root namespace everywhere', () => {
  const exports = (namespace: string) =>
    expand(specs.gateway, free, namespace).flatMap(({ spec }) => Object(spec).exportTo ?? []);
  assert.deepEqual(new Set(exports('shop')), new Set(['.', 'istio-system']));
  assert.deepEqual(new Set(exports('istio-system')), new Set(['*']));
});

test('a host that somebody else routes is left out, and a policy without any host is nothing', () => {
  const taken = { ...free, isFree: (host: string) => host !== 'api.test' };
  const [entry] = expand(specs.originated, taken);
  assert.deepEqual(Object(entry?.spec).hosts, ['b.test']);
  assert.deepEqual(expand(specs.plain, taken), []);
});

test('where TLS is originated programs ask on 80 and servers are asked on 443', () => {
  const [entry, rule] = expand(specs.originated);
  assert.deepEqual(Object(entry?.spec).ports, [{ number: 80, name: 'http-80', protocol: 'HTTP', targetPort: 443 }]);
  assert.deepEqual(Object(rule?.spec).trafficPolicy, {
    portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'SIMPLE' } }],
  });
});

test('without certificates a gateway is reached as it is: HTTP plainly, TLS passed on', () => {
  const gateway = expand(specs.gateway, { ...free, mutualTls: false }).find(({ kind }) => kind === 'Gateway');
  assert.deepEqual(
    Object(gateway?.spec).servers.map(({ port, tls }: Readonly<Record<string, Record<string, unknown>>>) => [
      port?.['protocol'],
      tls?.['mode'],
    ]),
    [
      ['HTTP', undefined],
      ['TLS', 'PASSTHROUGH'],
    ],
  );
});

test('subsets of the gateway are told apart by policies, however those are called', () => {
  const subsetOf = (name: string) => {
    const rule = expand(specs.gateway, free, 'shop', name).find(({ kind }) => kind === 'DestinationRule');
    return JSON.stringify(rule?.['spec']);
  };
  const called = ['a.b', 'a-b', `${'x'.repeat(60)}1`, `${'x'.repeat(60)}2`];
  assert.equal(new Set(called.map(subsetOf)).size, called.length);
});
