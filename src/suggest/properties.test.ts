// Whatever was seen in whatever mesh, tried with the verdicts that dry runs and checks are made of: what is suggested is found
// good by validation and analysis, lets through what was seen and nothing else, and is not suggested again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diagnosticsOfMesh, lineOf, objectsOf } from '../analysis/testing/told.ts';
import { decodeObject } from '../api/decode.ts';
import { istioVersion } from '../api/kinds/istio.ts';
import { type KubeObject, keyOf, resourceName } from '../api/object.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import type { SeenFlow } from '../telemetry/seen-flow.ts';
import type { Attempt } from '../verdict/attempt.ts';
import { createObjectWorld } from '../verdict/object-world.ts';
import type { World } from '../verdict/world.ts';
import type { SuggestOptions } from './suggestion.ts';
import { appliedTo, seenFlow, suggestedIn } from './testing/present.ts';

const namespaces = ['shop', 'other'] as const;
const workloads = ['web', 'jobs'] as const;
const names = ['a.test', 'b.test', 'c.d.test', 'e.d.test', 'f.d.test'] as const;
const addresses = ['192.0.2.7', '192.0.2.8'] as const;

const attempts: readonly Attempt[] = [
  ...names.flatMap((host): readonly Attempt[] => [
    { protocol: 'http', host, port: 80 },
    { protocol: 'http', host, port: 8080 },
    { protocol: 'tls', host, port: 443 },
  ]),
  ...addresses.flatMap((host): readonly Attempt[] => [
    { protocol: 'http', host, port: 80, address: host },
    { protocol: 'tcp', host, port: 5432, address: host },
  ]),
];

const callers = namespaces.flatMap((namespace) => workloads.map((workload) => ({ namespace, workload })));
type Caller = (typeof callers)[number];

const pods = callers
  .map(({ namespace, workload }) => {
    const spec = `{ containers: [{ name: app }], serviceAccountName: ${workload === 'web' ? 'web' : 'default'} }`;
    return `
apiVersion: v1
kind: Pod
metadata: { name: ${workload}, namespace: ${namespace}, labels: { app: ${workload} } }
spec: ${spec}
---`;
  })
  .join('');

const istio = (mode: string) => `
apiVersion: istio.banzaicloud.io/v1beta1
kind: Istio
metadata: { name: mesh, namespace: istio-system }
spec: { version: ${istioVersion}, outboundTrafficPolicy: { mode: ${mode} } }
---`;

/** What somebody has registered already. */
const background = fc
  .uniqueArray(
    fc.record({
      namespace: fc.constantFrom(...namespaces),
      host: fc.constantFrom(...names),
      ports: fc.constantFrom('{ number: 80, name: http, protocol: HTTP }', '{ number: 443, name: tls, protocol: TLS }'),
      exportTo: fc.constantFrom('"."', '"*"'),
      policy: fc.boolean(),
    }),
    { maxLength: 3, selector: ({ namespace, host }) => `${namespace} ${host}` },
  )
  .map((all) =>
    all
      .map(({ namespace, host, ports, exportTo, policy }) => {
        const metadata = `metadata: { name: of-${host}, namespace: ${namespace} }`;
        if (policy) {
          const from = 'from: [{ selector: { matchLabels: { app: web } } }]';
          return `
apiVersion: egress.sallyport.dev/v1alpha1
kind: EgressPolicy
${metadata}
spec: { hosts: [${host}], ports: [${ports.replace(/ name: \w+,/, '')}], ${from} }
---`;
        }
        return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
${metadata}
spec: { hosts: [${host}], exportTo: [${exportTo}], ports: [${ports}], resolution: DNS }
---`;
      })
      .join(''),
  );

const called = fc.uniqueArray(
  fc.record({ caller: fc.constantFrom(...callers), attempt: fc.constantFrom(...attempts) }),
  { minLength: 1, maxLength: 12, selector: ({ caller, attempt }) => keyOfCall(caller, attempt) },
);

const forms = fc.constantFrom<Pick<SuggestOptions, 'as'>>({ as: 'serviceentries' }, { as: 'egresspolicy' });

function keyOfCall({ namespace, workload }: Caller, { protocol, host, port }: Attempt): string {
  return `${namespace}/${workload} ${protocol} ${host}:${port}`;
}

function worldOf(objects: readonly KubeObject[], mode: 'ALLOW_ANY' | 'REGISTRY_ONLY'): World {
  return createObjectWorld({
    objects: [...objectsOf(`${istio(mode)}${pods}`), ...objects],
    capture: { kind: 'redirect' },
    strict: true,
  });
}

function proxyOf(world: World, { namespace, workload }: Caller): ProxyIdentity {
  const found = world.proxies.find((proxy) => proxy.namespace === namespace && proxy.name === workload);
  assert.ok(found);
  return found;
}

/** As the intake would tell it. */
function flowOf(world: World, caller: Caller, attempt: Attempt): SeenFlow {
  const { answer, ways } = world.verdictOf(proxyOf(world, caller), attempt);
  const passed = ways.every(({ end }) => end.kind === 'passthrough');
  const kind = passed ? 'passthrough' : answer === 'refused' ? 'blocked' : 'external';
  const { host, port, protocol } = attempt;
  return seenFlow(host, { source: caller, destination: { kind, host, port }, protocol, requests: 1, connections: 0 });
}

function allowedCalls(world: World): ReadonlySet<string> {
  const allowed = new Set<string>();
  for (const caller of callers) {
    for (const attempt of attempts) {
      const { answer } = world.verdictOf(proxyOf(world, caller), attempt);
      if (answer !== 'refused') allowed.add(keyOfCall(caller, attempt));
    }
  }
  return allowed;
}

/** By an address everything goes to its port. */
function opened(
  caller: Caller,
  { protocol, host, port, address }: Attempt,
  form: SuggestOptions['as'],
): readonly string[] {
  const whose = form === 'serviceentries' || address !== undefined ? callers : [caller];
  const same = whose.filter(({ namespace }) => namespace === caller.namespace);
  return same
    .filter(({ workload }) => whose.length > 1 || workload === caller.workload)
    .map((one) => keyOfCall(one, { protocol, host, port }));
}

test('what is suggested is faultless, opens what was seen, nothing else, and once', () => {
  fc.assert(
    fc.property(background, called, forms, (manifests, calls, options) => {
      const registered = objectsOf(manifests === '' ? istio('ALLOW_ANY') : `${istio('ALLOW_ANY')}${manifests}`).slice(
        1,
      );
      const world = worldOf(registered, 'ALLOW_ANY');
      const seen = calls.map(({ caller, attempt }) => flowOf(world, caller, attempt));
      const present = { mesh: world.mesh, objects: registered, pods: world.proxies };
      const found = suggestedIn(present, seen, options);

      for (const { object } of found.objects) assert.deepEqual(decodeObject(object).diagnostics, []);
      const created = { creationTimestamp: '2026-02-01T00:00:00Z' };
      const made = found.objects.map(({ object }) => ({ ...object, metadata: { ...object.metadata, ...created } }));
      const after = [...registered, ...made];
      const own = new Set(made.map((object) => resourceName(keyOf(object))));
      const told = diagnosticsOfMesh([...objectsOf(pods), ...after]).filter(({ resource }) => own.has(resource));
      assert.deepEqual(told.map(lineOf), []);

      const before = allowedCalls(worldOf(registered, 'REGISTRY_ONLY'));
      const restricted = worldOf(after, 'REGISTRY_ONLY');
      const now = allowedCalls(restricted);
      const left = new Set(found.leftOut.map(({ namespace, host, port }) => `${namespace} ${host}:${port}`));
      const passed = calls.filter((_, index) => seen[index]?.destination.kind === 'passthrough');
      const suggested = passed.filter(
        ({ caller, attempt }) => !left.has(`${caller.namespace} ${attempt.host}:${attempt.port}`),
      );
      for (const { caller, attempt } of suggested) {
        const key = keyOfCall(caller, attempt);
        assert.ok(now.has(key), `${key} would be stopped`);
      }
      const expected = new Set(suggested.flatMap(({ caller, attempt }) => opened(caller, attempt, options.as)));
      for (const key of now) assert.ok(before.has(key) || expected.has(key), `${key} was never seen`);
      for (const key of before) assert.ok(now.has(key), `${key} was open before`);

      const again = { mesh: restricted.mesh, objects: after, pods: world.proxies };
      assert.deepEqual(suggestedIn(again, seen, options).objects, []);
      assert.equal(appliedTo(present, found).objects.length, after.length);
    }),
    { seed: 9, numRuns: 40 },
  );
});
