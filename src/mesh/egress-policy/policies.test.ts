// EgressPolicies in the mesh: as objects come and go, as others come to speak of their hosts, and as time passes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeManifests } from '../../api/decode.ts';
import type { KubeObject } from '../../api/object.ts';
import { emptyMesh, type Mesh, type MeshDelta, updateMesh } from '../mesh.ts';
import { createMeshObjects } from '../mesh-objects.ts';

function object(yaml: string): KubeObject {
  const { objects, diagnostics } = decodeManifests(yaml, 'mesh.yaml');
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error'),
    [],
  );
  const [decoded] = objects;
  assert.ok(decoded !== undefined);
  return decoded.object;
}

const policy = (name: string, spec: string, namespace = 'shop') =>
  object(`
apiVersion: egress.sallyport.dev/v1alpha1
kind: EgressPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec: ${spec}`);

const rule = (namespace: string) =>
  object(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: own, namespace: ${namespace} }
spec: { hosts: [api.test], http: [{ route: [{ destination: { host: api.test } }] }] }`);

function startMesh(now = 0) {
  let time = now;
  const objects = createMeshObjects({ clock: () => time });
  let mesh: Mesh = emptyMesh;
  let delta: MeshDelta | undefined;
  const step = (type: 'ADDED' | 'DELETED', ...changed: readonly KubeObject[]) => {
    const next = updateMesh(mesh, objects.translate(changed.map((one) => ({ type, object: one }))));
    mesh = next.mesh;
    delta = next.delta;
  };
  return {
    apply: (...changed: readonly KubeObject[]) => step('ADDED', ...changed),
    remove: (...changed: readonly KubeObject[]) => step('DELETED', ...changed),
    pass(to: number) {
      time = to;
      step('ADDED');
    },
    nextExpiry: () => objects.nextExpiry(),
    parts: (one: KubeObject) => objects.meaningOf(one)?.parts.map(({ kind, metadata }) => `${kind}/${metadata.name}`),
    hosts: () => [...mesh.services.hosts()].sort(),
    made: () => [...mesh.services.hosts()].flatMap((host) => mesh.services.get(host)).map(({ madeBy }) => madeBy),
    policies: (host: string) =>
      mesh.egressPolicies.get(host).map(({ name, expired }) => `${name}${expired ? ' over' : ''}`),
    touched: () => [...(delta?.hosts ?? [])].sort(),
    regroups: () => delta?.selectorsChanged,
  };
}

test('a policy registers its hosts, and takes them away with it', () => {
  const mesh = startMesh();
  mesh.apply(policy('pay', '{ hosts: [api.test] }'));
  assert.deepEqual([mesh.hosts(), mesh.made()], [['api.test'], ['EgressPolicy/shop/pay']]);
  mesh.apply(policy('pay', '{ hosts: [b.test] }'));
  assert.deepEqual([mesh.hosts(), mesh.touched()], [['b.test'], ['api.test', 'b.test']]);
  mesh.remove(policy('pay', '{ hosts: [b.test] }'));
  assert.deepEqual([mesh.hosts(), mesh.policies('b.test')], [[], []]);
});

test('a policy that did not change touches nothing', () => {
  const mesh = startMesh();
  mesh.apply(policy('pay', '{ hosts: [api.test] }'));
  mesh.apply(policy('pay', '{ hosts: [API.test.] }'));
  assert.deepEqual(mesh.touched(), []);
});

test('a VirtualService of the same namespace or of the root one takes the host from the policy, before or after', () => {
  for (const namespace of ['shop', 'istio-system']) {
    const mesh = startMesh();
    mesh.apply(policy('pay', '{ hosts: [api.test] }'));
    mesh.apply(rule(namespace));
    assert.deepEqual([mesh.hosts(), mesh.policies('api.test')], [[], []]);
    mesh.remove(rule(namespace));
    assert.deepEqual([mesh.hosts(), mesh.policies('api.test')], [['api.test'], ['pay']]);
    const other = startMesh();
    other.apply(rule(namespace), policy('pay', '{ hosts: [api.test] }'));
    assert.deepEqual(other.hosts(), []);
  }
});

test('a VirtualService of another namespace takes nothing from it', () => {
  const mesh = startMesh();
  mesh.apply(policy('pay', '{ hosts: [api.test] }'), rule('evil'));
  assert.deepEqual(mesh.policies('api.test'), ['pay']);
});

test('when its time is over a policy governs on and allows nobody', () => {
  const start = Date.parse('2027-01-01T00:00:00Z');
  const mesh = startMesh(start);
  mesh.apply(
    policy('pay', '{ hosts: [api.test], expires: "2027-01-01T00:01:00Z" }'),
    policy('on', '{ hosts: [b.test] }'),
  );
  assert.equal(mesh.nextExpiry(), start + 60_000);
  mesh.pass(start + 59_999);
  assert.deepEqual([mesh.touched(), mesh.policies('api.test')], [[], ['pay']]);
  mesh.pass(start + 60_000);
  assert.deepEqual([mesh.touched(), mesh.policies('api.test')], [['api.test'], ['pay over']]);
  assert.equal(mesh.nextExpiry(), undefined);
});

test('proxies are told apart by what policies choose them by, and not again by the same', () => {
  const mesh = startMesh();
  mesh.apply(policy('a', '{ hosts: [api.test], from: [{ selector: { matchLabels: { app: a } } }] }'));
  assert.equal(mesh.regroups(), true);
  mesh.apply(policy('b', '{ hosts: [b.test], from: [{ selector: { matchLabels: { app: a } } }] }'));
  assert.equal(mesh.regroups(), false);
  mesh.apply(policy('c', '{ hosts: [c.test], from: [{ serviceAccounts: [pay] }] }'));
  assert.equal(mesh.regroups(), true);
});

test('what one policy stands for is not taken for another’s of a like name', () => {
  const tcp = 'ports: [{ number: 5432, protocol: TCP }]';
  for (const first of ['db', 'db-1'] as const) {
    const mesh = startMesh();
    const policies = [
      policy('db', `{ hosts: [a.test, b.test], ${tcp} }`),
      policy('db-1', `{ hosts: [c.test, d.test], ${tcp} }`),
    ];
    mesh.apply(...(first === 'db' ? policies : policies.toReversed()));
    assert.deepEqual(mesh.hosts(), ['a.test', 'b.test', 'c.test', 'd.test']);
    mesh.remove(policies[first === 'db' ? 0 : 1] ?? assert.fail());
    assert.deepEqual(mesh.hosts().length, 2);
  }
});

test('what a policy stands for is told as the mesh is now, also of one that it has not taken yet', () => {
  const mesh = startMesh();
  const open = policy('a', '{ hosts: [api.test] }');
  assert.deepEqual(mesh.parts(open), ['ServiceEntry/a']);
  mesh.apply(rule('shop'));
  assert.deepEqual(mesh.parts(open), []);
  assert.deepEqual(mesh.parts(policy('a', '{ hosts: [api.test] }', 'other')), ['ServiceEntry/a']);
  assert.equal(mesh.parts(rule('shop')), undefined);
  assert.equal(mesh.parts({ ...open, spec: 7 }), undefined);
});
