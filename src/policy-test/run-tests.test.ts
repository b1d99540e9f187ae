// What tests find, on worlds made of manifests: each way in which something is otherwise than is expected is told with the call,
// what would become of it, and the object that decides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceEntry } from '../../test/support/manifests.ts';
import {
  egressPolicy,
  gatewayPort,
  meshGateway,
  outboundPolicy,
  virtualService,
} from '../../test/support/networking.ts';
import { decodeManifests } from '../api/decode.ts';
import { type EgressTest, type EgressTestSpec, egressTestKind } from '../api/kinds/egress-test.ts';
import type { Expectation, TestRun } from './result.ts';
import { runFiles } from './run-files.ts';

type Spec = Omit<EgressTestSpec, 'from'> & Partial<Pick<EgressTestSpec, 'from'>>;

function egressTest(name: string, spec: Spec): EgressTest {
  const metadata = { name, namespace: 'shop' };
  const object = {
    apiVersion: 'egress.sallyport.dev/v1alpha1',
    kind: 'EgressTest',
    metadata,
    spec: { from: { workload: name }, ...spec },
  };
  return egressTestKind.schema.parse(object);
}

function deployment(name: string, { namespace = 'shop', serviceAccountName = name } = {}): string {
  const labels = { app: name };
  const spec = { serviceAccountName, containers: [{ name: 'app', image: 'app' }] };
  const template = { metadata: { labels }, spec };
  return yaml({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: { selector: { matchLabels: labels }, template },
  });
}

function yaml(object: object): string {
  return `${JSON.stringify(object)}\n---\n`;
}

function entry(name: string, host: string, more: object = {}): string {
  const object = serviceEntry(name);
  const ports = [
    { number: 80, name: 'http', protocol: 'HTTP' },
    { number: 443, name: 'tls', protocol: 'TLS' },
  ];
  return yaml({
    ...object,
    metadata: { name, namespace: 'shop' },
    spec: { hosts: [host], location: 'MESH_EXTERNAL', resolution: 'DNS', ports, exportTo: ['.'], ...more },
  });
}

async function run(manifests: string, ...tests: readonly EgressTest[]): Promise<TestRun> {
  const { objects, diagnostics } = decodeManifests(manifests, 'all.yaml');
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error'),
    [],
  );
  return runFiles([...objects.map(({ object }) => object), ...tests], {
    capture: 'redirect',
    read: async () => undefined,
  });
}

/** `✓ path` or `✗ path: caller call outcome [object]` */
function lines({ tests }: TestRun): readonly string[] {
  return tests.flatMap(({ expectations }) => expectations.map(lineOf));
}

function lineOf({ path, passed, failures }: Expectation): string {
  const told = failures.map(({ caller, call, outcome, when, object }) =>
    [caller, call, outcome, ...(when.length === 0 ? [] : [`if ${when.join(' and ')}`]), `[${object}]`].join(' '),
  );
  return `${passed ? '✓' : '✗'} ${path}${told.length === 0 ? '' : `: ${told.join('; ')}`}`;
}

const base = outboundPolicy('REGISTRY_ONLY') + deployment('pay') + deployment('web');
const api = entry('api', 'api.test');
const database = entry('db', 'db.test', { ports: [{ number: 5432, name: 'tcp', protocol: 'TCP' }] });
const open = { hosts: ['api.test'], ports: [{ number: 80 }] };

test('what is let out may be reached, and nothing else', async () => {
  const spec = { mayReach: ['http://api.test', 'https://api.test', 'tcp://db.test:5432'], nothingElse: true };
  const told = await run(
    base + api + database,
    egressTest('pay', { ...spec, mayNotReach: ['http://evil.test', 'tcp://192.0.2.9:25'] }),
  );
  assert.deepEqual(lines(told), [
    '✓ spec.mayReach[0]',
    '✓ spec.mayReach[1]',
    '✓ spec.mayReach[2]',
    '✓ spec.mayNotReach[0]',
    '✓ spec.mayNotReach[1]',
    '✓ spec.nothingElse',
  ]);
  assert.deepEqual([told.passed, told.failed], [6, 0]);
  assert.ok((told.tests[0]?.expectations.at(-1)?.tried ?? 0) > 40);
});

test('what is refused is told with who decides it', async () => {
  const told = await run(
    base + api,
    egressTest('pay', { mayReach: ['http://evil.test', 'https://evil.test', 'http://api.test:81'] }),
  );
  assert.deepEqual(lines(told), [
    '✗ spec.mayReach[0]: shop/pay http://evil.test would be refused with 502 [Istio/istio-system/mesh]',
    '✗ spec.mayReach[1]: shop/pay https://evil.test would be refused (its connection is closed) [Istio/istio-system/mesh]',
    '✗ spec.mayReach[2]: shop/pay http://api.test:81 would be refused (its connection is closed) [Istio/istio-system/mesh]',
  ]);
});

test('what is let out though it may not be is told with who registers it', async () => {
  const told = await run(base + api, egressTest('pay', { mayNotReach: ['https://api.test'], nothingElse: true }));
  const [mayNot, nothing] = told.tests[0]?.expectations ?? [];
  assert.equal(
    mayNot && lineOf(mayNot),
    '✗ spec.mayNotReach[0]: shop/pay https://api.test would leave to api.test:443 [ServiceEntry/shop/api]',
  );
  assert.deepEqual(
    nothing?.failures.map(({ call }) => call),
    ['http://api.test', 'https://api.test'],
  );
});

test('under ALLOW_ANY everything else goes out', async () => {
  const told = await run(
    deployment('pay') + api,
    egressTest('pay', { mayReach: ['http://api.test'], nothingElse: true }),
  );
  const [, nothing] = told.tests[0]?.expectations ?? [];
  const unregistered = nothing?.failures.find(({ call }) => call === 'https://sallyport-test.invalid');
  assert.equal(unregistered?.outcome, 'would leave unregistered');
});

test('an entry that is wider than what is named is found out: by a wildcard, by a port', async () => {
  const wide = entry('wide', '*.api.test', { resolution: 'NONE' });
  const spec = { mayReach: ['https://a.api.test'], nothingElse: true };
  const [, nothing] = (await run(base + wide, egressTest('pay', spec))).tests[0]?.expectations ?? [];
  assert.deepEqual(
    nothing?.failures.map(({ call }) => call),
    ['http://sallyport-test.api.test', 'https://sallyport-test.api.test'],
  );
  const all = { mayReach: ['https://*.api.test', 'http://*.api.test'], nothingElse: true };
  assert.deepEqual(lines(await run(base + wide, egressTest('pay', all))), [
    '✓ spec.mayReach[0]',
    '✓ spec.mayReach[1]',
    '✓ spec.nothingElse',
  ]);
});

test('methods and paths: what is not said of a request must not matter, and what is beside is tried', async () => {
  const policy = egressPolicy('api', { ...open, methods: ['GET', 'POST'], paths: ['/v1/*'] }, { namespace: 'shop' });
  const get = { url: 'http://api.test/v1/charges', method: 'GET' };
  const any = { mayReach: ['http://api.test', 'http://api.test/v1/charges', get] };
  const [host, path, whole] = (await run(base + policy, egressTest('pay', any))).tests[0]?.expectations ?? [];
  assert.equal(host?.passed, false);
  assert.ok((host?.failures[0]?.when.length ?? 0) > 0, JSON.stringify(host));
  assert.equal(path?.passed, false);
  assert.match(path?.failures[0]?.when.join() ?? '', /its method is/);
  assert.equal(whole?.passed, true);
  const [, , beside] =
    (await run(base + policy, egressTest('pay', { mayReach: [get, { ...get, method: 'POST' }], nothingElse: true })))
      .tests[0]?.expectations ?? [];
  assert.deepEqual(
    beside?.failures.map(({ call }) => call),
    ['http://api.test/v1/charges/sallyport-test', 'http://api.test/v1/sallyport-test'],
  );
  const below = ['GET', 'POST'].map((method) => ({ url: 'http://api.test/v1/*', method }));
  const told = await run(base + policy, egressTest('pay', { mayReach: below, nothingElse: true }));
  assert.deepEqual(lines(told), ['✓ spec.mayReach[0]', '✓ spec.mayReach[1]', '✓ spec.nothingElse']);
});

test('nobody else: other workloads, strangers here and elsewhere; but whom another test lets the same', async () => {
  const pay = egressTest('pay', { mayReach: ['http://api.test'], nobodyElse: true });
  const closed = await run(
    base + egressPolicy('api', { ...open, from: [{ serviceAccounts: ['pay'] }] }, { namespace: 'shop' }),
    pay,
  );
  assert.deepEqual(lines(closed), ['✓ spec.mayReach[0]', '✓ spec.nobodyElse']);
  const ofNamespace = (await run(base + api, pay)).tests[0]?.expectations[1];
  assert.deepEqual(
    ofNamespace?.failures.map(({ caller }) => caller),
    ['shop/web', 'a stranger in shop'],
  );
  const ofAll = (await run(base + entry('api', 'api.test', { exportTo: ['*'] }), pay)).tests[0]?.expectations[1];
  assert.deepEqual(
    ofAll?.failures.map(({ caller }) => caller),
    ['shop/web', 'a stranger in shop', 'a stranger in another namespace'],
  );
  const both = egressPolicy('api', { ...open, from: [{ serviceAccounts: ['pay', 'web'] }] }, { namespace: 'shop' });
  const web = egressTest('web', { mayReach: ['http://api.test'] });
  assert.deepEqual(
    lines(await run(base + both, pay))[1],
    '✗ spec.nobodyElse: shop/web http://api.test would leave to api.test:80 [EgressPolicy/shop/api]',
  );
  assert.deepEqual(lines(await run(base + both, pay, web)), [
    '✓ spec.mayReach[0]',
    '✓ spec.nobodyElse',
    '✓ spec.mayReach[0]',
  ]);
});

test('through a gateway, and whose TLS it is', async () => {
  const metadata = { namespace: 'shop' };
  const egress = meshGateway(
    'egress',
    { type: 'egress', ports: [gatewayPort('http', 80, 8080), gatewayPort('tls', 443, 8443)] },
    metadata,
  );
  const policy = egressPolicy('api', { hosts: ['api.test'], gateway: 'egress', tls: { mode: 'SIMPLE' } }, metadata);
  const spec = {
    mayReach: [
      { url: 'http://api.test', through: 'egress', tls: 'originated' as const },
      { url: 'http://api.test', through: 'istio-system/egress' },
      { url: 'http://api.test', tls: 'as-sent' as const },
      { url: 'http://plain.test', through: 'egress' },
    ],
  };
  const told = await run(base + egress + policy + entry('plain', 'plain.test'), egressTest('pay', spec));
  const reasons = told.tests[0]?.expectations.map(({ failures: [failure] }) => failure?.reason);
  assert.deepEqual(reasons, [
    undefined,
    'it is to go through istio-system/egress and goes through shop/egress',
    'its bytes are to leave as they were sent, and TLS is originated',
    'it is to go through egress and goes from the sidecar',
  ]);
});

test('a workload of labels and an account that nobody has yet; one that is not there', async () => {
  const policy = egressPolicy(
    'api',
    { ...open, from: [{ selector: { matchLabels: { tier: 'back' } }, serviceAccounts: ['new'] }] },
    { namespace: 'shop' },
  );
  const from = { labels: { tier: 'back' }, serviceAccount: 'new' };
  const told = await run(
    base + policy,
    egressTest('a', { from, mayReach: ['http://api.test'] }),
    egressTest('b', { from: { ...from, serviceAccount: 'old' }, mayNotReach: ['http://api.test'] }),
    egressTest('gone', { mayReach: ['http://api.test'] }),
  );
  assert.deepEqual(lines(told), [
    '✓ spec.mayReach[0]',
    '✓ spec.mayNotReach[0]',
    '✗ spec.from.workload:   nothing could be tried [default]',
  ]);
});

test('what a proxy answers by itself reaches nobody', async () => {
  const rule = virtualService(
    'api',
    { hosts: ['api.test'], http: [{ directResponse: { status: 200 } }] },
    { namespace: 'shop' },
  );
  const told = await run(base + api + rule, egressTest('pay', { mayReach: ['http://api.test'] }));
  assert.deepEqual(lines(told), [
    '✗ spec.mayReach[0]: shop/pay http://api.test would be answered with 200 by a proxy [VirtualService/shop/api]',
  ]);
});

test('services of the mesh are there as soon as a Deployment is behind them', async () => {
  const spec = { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] };
  const service = yaml({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop' }, spec });
  const told = await run(
    base + service,
    egressTest('pay', { mayReach: ['http://web', 'http://web.shop'], nothingElse: true }),
  );
  assert.deepEqual(lines(told), ['✓ spec.mayReach[0]', '✓ spec.mayReach[1]', '✓ spec.nothingElse']);
});
