// Roots and delegates as one: whose word counts, what fits within what, and what is left out (istio-semantics 3.3).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toDiagnostic } from '../api/finding.ts';
import { virtualServiceKind } from '../api/kinds/virtual-service.ts';
import type { KubeObject } from '../api/object.ts';
import { withinASecond } from '../api/testing/work.ts';
import type { Diagnostic } from '../platform/diagnostic.ts';
import { emptyMesh, updateMesh } from './mesh.ts';
import { createMeshObjects } from './mesh-objects.ts';
import { validateDelegates } from './validate-delegates.ts';
import { type HttpRule, type VirtualService, virtualServiceOrigin } from './virtual-service.ts';

type Spec = Readonly<Record<string, unknown>>;

function object(place: string, spec: Spec): KubeObject {
  const [namespace = '', name = ''] = place.split('/');
  return { apiVersion: 'networking.istio.io/v1', kind: virtualServiceKind.kind, metadata: { namespace, name }, spec };
}

const to = (host: string) => ({ route: [{ destination: { host } }] });
const root = (...http: readonly Spec[]) => object('shop/root', { hosts: ['a.test'], http });

interface Outcome {
  readonly root: VirtualService | undefined;
  readonly rules: readonly HttpRule[];
  readonly diagnostics: readonly Diagnostic[];
}

function meshOf(...objects: readonly KubeObject[]): Outcome {
  const { mesh } = updateMesh(
    emptyMesh,
    createMeshObjects().translate(objects.map((one) => ({ type: 'ADDED', object: one }))),
  );
  const [found] = mesh.virtualServices.get('a.test');
  return { root: found, rules: found?.http ?? [], diagnostics: found === undefined ? [] : diagnosticsOf(found) };
}

const named = (rules: readonly HttpRule[]) => rules.map(({ name }) => name);
function diagnosticsOf(found: VirtualService): readonly Diagnostic[] {
  return validateDelegates(found).map((finding) => toDiagnostic(finding, virtualServiceOrigin(found)));
}

const told = ({ diagnostics }: Outcome) => diagnostics.map(({ code, resource, path }) => [code, resource, path]);

test("the delegate's rules stand in the place of the rule that names it; names are joined", () => {
  const outcome = meshOf(
    root(
      { match: [{ uri: { prefix: '/a' } }], name: 'outer', delegate: { name: 'inner', namespace: 'team' } },
      { ...to('rest.test') },
    ),
    object('team/inner', { http: [{ name: 'one', match: [{ uri: { prefix: '/a/1' } }], ...to('web') }, to('b.test')] }),
  );
  assert.deepEqual(named(outcome.rules), ['outer-one', 'outer-1', '1']);
  const paths = outcome.rules.map(({ matches }) => matches.map(({ uri }) => uri));
  assert.deepEqual(paths, [[{ kind: 'prefix', value: '/a/1' }], [{ kind: 'prefix', value: '/a' }], []]);
  const [first] = outcome.rules;
  assert.equal(
    first?.action.kind === 'route' ? first.action.destinations[0]?.destination.host : '',
    'web.team.svc.cluster.local',
    'short names are of the namespace they stand in',
  );
  assert.deepEqual(
    outcome.root?.delegates.map(({ namespace, name }) => `${namespace}/${name}`),
    ['team/inner'],
  );
  assert.deepEqual(told(outcome), []);
});

test('what the delegate says counts, and where it says nothing what the root says', () => {
  const { rules } = meshOf(
    root({
      delegate: { name: 'inner' },
      timeout: '1s',
      retries: { attempts: 7 },
      headers: { request: { set: { 'x-a': 'root' } } },
      corsPolicy: { allowOrigins: [{ exact: 'root' }] },
      mirror: { host: 'root.test' },
      rewrite: { uri: '/root' },
    }),
    object('shop/inner', {
      http: [
        {
          ...to('b.test'),
          timeout: '9s',
          headers: { request: { set: { 'x-a': 'inner' } } },
          mirror: { host: 'in.test' },
        },
        { ...to('b.test'), retries: { attempts: 1 }, rewrite: { uri: '/inner' } },
      ],
    }),
  );
  assert.deepEqual(
    rules.map(({ timeoutMs, retries, headers, cors, mirrors, rewrite }) => [
      timeoutMs,
      retries?.attempts,
      headers.request.set[0]?.[1],
      cors?.origins.length,
      mirrors[0]?.destination.host,
      rewrite?.uri,
    ]),
    [
      [9000, 7, 'inner', 1, 'in.test', '/root'],
      [1000, 1, 'root', 1, 'root.test', '/inner'],
    ],
  );
});

const fitting: readonly (readonly [string, Spec, Spec, Spec | undefined])[] = [
  ['a longer prefix', { uri: { prefix: '/a' } }, { uri: { prefix: '/a/b' } }, { uri: '/a/b' }],
  ['an exact path below', { uri: { prefix: '/a' } }, { uri: { exact: '/ab' } }, { uri: '/ab' }],
  ['another prefix', { uri: { prefix: '/a' } }, { uri: { prefix: '/b' } }, undefined],
  ['a shorter one', { uri: { prefix: '/a/b' } }, { uri: { prefix: '/a' } }, undefined],
  ['a prefix within an exact path', { uri: { exact: '/a' } }, { uri: { prefix: '/a' } }, undefined],
  ['an expression within a prefix', { uri: { prefix: '/a' } }, { uri: { regex: '/a.*' } }, undefined],
  ['case that counts within case that does not', { uri: { prefix: '/a' }, ignoreUriCase: true }, {}, undefined],
  ['another port', { port: 80 }, { port: 81 }, undefined],
  ['another namespace', { sourceNamespace: 'a' }, { sourceNamespace: 'b' }, undefined],
  ['another value of a label', { sourceLabels: { app: 'a' } }, { sourceLabels: { app: 'b' } }, undefined],
  ['a gateway more', { gateways: ['mesh'] }, { gateways: ['mesh', 'egress'] }, undefined],
  ['another value of a header', { headers: { h: { exact: 'a' } } }, { headers: { h: { exact: 'b' } } }, undefined],
  [
    'what both ask for',
    { headers: { h: { prefix: 'a' } }, port: 80, sourceLabels: { app: 'a' }, gateways: ['mesh', 'egress'] },
    { headers: { i: {}, h: {} }, method: { exact: 'GET' }, sourceLabels: { tier: 'b' }, gateways: ['mesh'] },
    { headers: 'h:a i:', port: 80, method: 'GET', labels: 'app=a tier=b', gateways: 'mesh' },
  ],
  [
    'what neither of them lets through',
    { withoutHeaders: { h: { prefix: 'a' } } },
    { withoutHeaders: { h: { exact: 'ab' } } },
    { withoutHeaders: 'h:a h:ab' },
  ],
];

for (const [what, outer, inner, expected] of fitting) {
  test(`${what}: ${expected === undefined ? 'left out' : 'both hold'}`, () => {
    const outcome = meshOf(
      root({ match: [outer], delegate: { name: 'inner' } }),
      object('shop/inner', { http: [{ match: [inner], ...to('b.test') }] }),
    );
    const kinds = outcome.rules.map(({ action }) => action.kind);
    assert.deepEqual(kinds, [expected === undefined ? 'delegate' : 'route']);
    const conflict = [['SP0735', 'VirtualService/shop/root', 'spec.http[0].delegate']];
    assert.deepEqual(told(outcome), expected === undefined ? conflict : []);
    if (expected === undefined) return;
    const [match] = outcome.rules[0]?.matches ?? [];
    const texts = (list: readonly (readonly [string, object])[] = []) =>
      list.map(([name, text]) => `${name}:${'value' in text ? text.value : ''}`).join(' ');
    const shown = {
      uri: match?.uri !== undefined && 'value' in match.uri ? match.uri.value : undefined,
      headers: texts(match?.headers) || undefined,
      withoutHeaders: texts(match?.withoutHeaders) || undefined,
      port: match?.port,
      method: match?.method !== undefined && 'value' in match.method ? match.method.value : undefined,
      labels: [...(match?.sourceLabels ?? [])].map((pair) => pair.join('=')).join(' ') || undefined,
      gateways: match?.gateways?.map((name) => name).join(' '),
    };
    assert.deepEqual(Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined)), expected);
  });
}

test('each match of the delegate goes with each of the root that it fits', () => {
  const { rules } = meshOf(
    root({ match: [{ uri: { prefix: '/a' } }, { uri: { prefix: '/a/b' } }], delegate: { name: 'inner' } }),
    object('shop/inner', {
      http: [{ match: [{ uri: { prefix: '/a/b/c' } }, { uri: { exact: '/a' } }], ...to('b.test') }],
    }),
  );
  assert.equal(rules[0]?.matches.length, 3);
});

test('more matches than anyone writes by hand are left out, soon', () => {
  const many = (text: string) => Array.from({ length: 2000 }, (_, index) => ({ headers: { [`${text}${index}`]: {} } }));
  const outcome = withinASecond(() =>
    meshOf(
      root({ match: many('a'), delegate: { name: 'inner' } }),
      object('shop/inner', { http: [{ match: many('b'), ...to('b.test') }] }),
    ),
  );
  assert.equal(told(outcome)[0]?.[0], 'SP0735');
});

const broken: readonly (readonly [string, readonly KubeObject[], string])[] = [
  ['that is not there', [], 'SP0732'],
  ['that has hosts', [object('team/inner', { hosts: ['b.test'], http: [to('b.test')] })], 'SP0732'],
  ['that is not exported', [object('team/inner', { exportTo: ['.'], http: [to('b.test')] })], 'SP0733'],
  [
    'that hands on itself',
    [object('team/inner', { http: [{ delegate: { name: 'third' } }] }), object('team/third', { http: [to('b.test')] })],
    'SP0734',
  ],
];

for (const [what, others, code] of broken) {
  test(`a delegate ${what}: its rule takes nothing, the others hold, and the diagnostic names both`, () => {
    const outcome = meshOf(
      root({ match: [{ uri: { prefix: '/a' } }], delegate: { name: 'inner', namespace: 'team' } }, to('rest.test')),
      ...others,
    );
    assert.deepEqual(
      outcome.rules.map(({ action }) => action.kind),
      ['delegate', 'route'],
    );
    assert.deepEqual(told(outcome), [[code, 'VirtualService/shop/root', 'spec.http[0].delegate']]);
    assert.match(outcome.diagnostics[0]?.message ?? '', /VirtualService team\/inner/);
  });
}
