// The command as people run it, on a mesh of manifests and flows.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { assertResult, startMeshForCli } from '../../../test/support/run-sallyport.ts';
import type { Change } from '../../dry-run/change.ts';
import { seenFlow, tried } from '../../dry-run/testing/tried.ts';
import type { SeenQuery } from '../../telemetry/seen-flow.ts';
import { runningPod, storedObjects } from '../../verdict/testing/mesh-objects.ts';

const settings = (mode: string) => `
apiVersion: istio.banzaicloud.io/v1beta1
kind: Istio
metadata: { name: mesh, namespace: istio-system }
spec: { version: 1.4.9, outboundTrafficPolicy: { mode: ${mode} } }
---
`;

const entry = (host: string) => `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${host} }
spec: { hosts: [${host}], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: DNS }
---
`;

const limited = `
apiVersion: egress.sallyport.dev/v1alpha1
kind: EgressPolicy
metadata: { name: a }
spec: { hosts: [a.test], methods: [GET] }
---
`;

async function started(t: TestContext, mode = 'ALLOW_ANY', capture: 'redirect' | 'proxy' = 'redirect') {
  const objects = storedObjects(settings(mode) + runningPod('web') + entry('a.test'));
  const flows = [seenFlow('http://a.test:80'), seenFlow('http://b.test:80', { requests: 7 })];
  const asked: { change: Change; seen: SeenQuery }[] = [];
  const dryRun = async (change: Change, seen: SeenQuery) => {
    asked.push({ change, seen });
    return tried(objects, change, flows);
  };
  const info = { pid: process.pid, version: '9.9.9', data: '/x', capture, startedAt: '2026-01-01T00:00:00Z' };
  return { ...(await startMeshForCli(t, { dryRun, info })), asked };
}

test('restricted: one sentence, then what would break with its object, then the next step', async (t) => {
  const { run } = await started(t);
  const sentence = String.raw`Of 2 flows since \S+Z: 1 workload and 1 host would break, nothing more would open\.`;
  const row = String.raw`default/web +b\.test:80 +http +7 +\S+ +502 +Istio/istio-system/mesh *`;
  const next = 'What would let it go on: sallyport suggest';
  const table = `WORKLOAD +HOST +PROTOCOL +SEEN +LAST SEEN +SEES +OBJECT *`;
  assertResult(
    await run('dry-run restricted'),
    0,
    new RegExp(`^${sentence}\\n\\nWould break:\\n${table}\\n${row}\\n\\n${next}\\n$`),
  );
  assertResult(await run('dry-run restricted -o wide'), 0, /REASON.*\n.*no ServiceEntry registers b\.test:80/);
  assertResult(await run('dry-run restricted --exit-code'), 1, /would break/);
  assertResult(await run('dry-run allowed --exit-code'), 0, /nothing would break, nothing more would open\.\n$/);
});

test('files: what is applied, what is deleted, what is limited; for a pipeline by --exit-code', async (t) => {
  const { run } = await started(t, 'REGISTRY_ONLY');
  assertResult(
    await run('dry-run -f -', entry('b.test')),
    0,
    /Would open:\n.*\ndefault\/web +b\.test:80 .* ServiceEntry\/default\/b\.test *\n$/,
  );
  assertResult(
    await run('dry-run --delete -f - --exit-code', entry('a.test')),
    1,
    /Would break:\n.*\ndefault\/web +a\.test:80 /,
  );
  assertResult(
    await run('dry-run -f - --exit-code', limited),
    1,
    /May break, .*:\n.* IF *\ndefault\/web .* EgressPolicy\/default\/a +.*GET/,
  );
});

test('for programs the document of the API', async (t) => {
  const { run, asked } = await started(t);
  const { code, stdout } = await run('dry-run restricted -o json -n shop --since 7d');
  assert.equal(code, 0);
  const { since, judged, notJudged, summary, effects, diagnostics, ...more } = JSON.parse(stdout);
  assert.deepEqual([judged, notJudged, diagnostics, more], [2, { gone: 0, other: 0, entering: 0 }, [], {}]);
  assert.match(since, /Z$/);
  assert.deepEqual(summary.breaks, { calls: 1, workloads: 1, hosts: 1 });
  const [{ changed, present, ...effect }] = effects;
  assert.deepEqual(effect, {
    consequence: 'breaks',
    source: { namespace: 'default', workload: 'web' },
    destination: { host: 'b.test', port: 80, kind: 'passthrough' },
    protocol: 'http',
    requests: 7,
    connections: 0,
    lastSeen: '2026-01-31T11:00:00.000Z',
    when: [],
  });
  assert.deepEqual(
    [present.leaves, changed.leaves, changed.sees, changed.object],
    [true, false, 502, 'Istio/istio-system/mesh'],
  );
  const [{ seen, change } = {}] = asked;
  assert.equal(change?.outboundTrafficPolicy, 'REGISTRY_ONLY');
  assert.equal(seen?.namespace, 'shop');
  assert.ok(Math.abs(Date.now() - 7 * 86_400_000 - Number(seen?.since)) < 60_000);
  assert.match((await run('dry-run restricted -o yaml')).stdout, /^since: /);
});

test('of bad files the good objects are tried; the bad ones are told with place and mend', async (t) => {
  const { run, asked } = await started(t);
  const bad = entry('c.test').replace('HTTP', 'HTPP');
  const result = await run('dry-run restricted -f -', entry('b.test') + bad);
  assertResult(
    result,
    1,
    /nothing would break/,
    /^error: <stdin>:11:70 ServiceEntry\/default\/c\.test spec\.ports\[0\]\.protocol: .*; use one of HTTP.*\n$/,
  );
  assert.doesNotMatch(result.stderr, /\n +at /);
  assert.deepEqual(
    asked[0]?.change.apply.map(({ metadata }) => metadata.name),
    ['b.test'],
  );
  assertResult(await run('dry-run -f -', '{'), 1, '', /^error/);
  assertResult(await run('dry-run -f -', ''), 1, '', /no objects in -/);
  assertResult(await run('dry-run -f /nowhere/x.yaml'), 1, '', /\/nowhere\/x\.yaml/);
});

test('wrong usage is told, and nothing is asked', async (t) => {
  const { run, asked } = await started(t);
  assertResult(await run('dry-run'), 2, '', /nothing is to be changed.*dry-run restricted/s);
  assertResult(await run('dry-run closed'), 2, '', /'closed' is no policy/);
  assertResult(await run('dry-run restricted allowed'), 2, '', /./);
  assertResult(await run('dry-run restricted --since soon'), 2, '', /'soon' is no duration/);
  assertResult(await run('dry-run restricted -o xml'), 2, '', /xml/);
  assertResult(await run('dry-run restricted --delete'), 2, '', /--delete/);
  assert.deepEqual(asked, []);
});

test('with proxy capture it says what that governs', async (t) => {
  const { run } = await started(t, 'ALLOW_ANY', 'proxy');
  const note = 'note: proxy capture: only traffic that a program sends to its proxy is governed\n';
  assertResult(await run('dry-run restricted'), 0, /would break/, note);
  assertResult(await run('dry-run restricted -o json'), 0, /^\{/, note);
});
