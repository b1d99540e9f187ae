// What `sallyport test` says of files is what then happens: a mesh is brought up from the same files, and every call that the tests
// expect something of is made by a real program, those that they hold to be refused too.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { decodeManifests } from '../../src/api/decode.ts';
import type { EgressTestSpec } from '../../src/api/kinds/egress-test.ts';
import { attemptOf, type Call, callOf, textOf } from '../../src/policy-test/call.ts';
import { attemptsBeside } from '../../src/policy-test/nothing-else.ts';
import type { TestRun } from '../../src/policy-test/result.ts';
import type { Attempt } from '../../src/verdict/attempt.ts';
import { createObjectWorld } from '../../src/verdict/object-world.ts';
import { overTls, statusOf } from '../support/calls.ts';
import { createTestAuthority } from '../support/certificates.ts';
import { serviceEntry, startMesh, type TestMesh, type Workload } from '../support/mesh.ts';
import { egressPolicy, gatewayPort, meshGateway, outboundPolicy } from '../support/networking.ts';
import { type OutsideHttp, type OutsideTcp, startOutsideHttp, startOutsideTcp } from '../support/outside-server.ts';
import { outsideAddress } from '../support/outside-world.ts';
import { type RecordedTls, startRecordedTls } from '../support/recorded-tls.ts';
import { needs } from '../support/requires.ts';
import { suiteScope } from '../support/suite-scope.ts';
import { until } from '../support/until.ts';

const inShop = { namespace: 'shop' };
const names = ['api.test', 'secure.test', 'open.test', 'evil.test', 'sallyport-test.invalid'];
const pay = [{ serviceAccounts: ['pay'] }];

function deployment(name: string, namespace: string, serviceAccountName: string): string {
  const labels = { app: name };
  const spec = { serviceAccountName, containers: [{ name, image: name, command: ['sleep', 'infinity'] }] };
  const template = { metadata: { labels }, spec };
  const metadata = { name, namespace };
  const whole = { selector: { matchLabels: labels }, template };
  return `${JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: whole })}\n---\n`;
}

function egressTest(name: string, spec: EgressTestSpec): string {
  const apiVersion = 'egress.sallyport.dev/v1alpha1';
  return `${JSON.stringify({ apiVersion, kind: 'EgressTest', metadata: { name, ...inShop }, spec })}\n---\n`;
}

const manifests =
  outboundPolicy('REGISTRY_ONLY') +
  deployment('pay', 'shop', 'pay') +
  deployment('web', 'shop', 'web') +
  deployment('job', 'other', 'pay') +
  meshGateway(
    'egress',
    { type: 'egress', serviceType: 'ClusterIP', ports: [gatewayPort('http', 80, 8080), gatewayPort('tls', 443, 8443)] },
    inShop,
  ) +
  egressPolicy('api', { from: pay, hosts: ['api.test'], methods: ['GET'], paths: ['/v1/*'] }, inShop) +
  egressPolicy('secure', { from: pay, hosts: ['secure.test'], gateway: 'egress', tls: { mode: 'SIMPLE' } }, inShop) +
  serviceEntry(
    'open',
    {
      hosts: ['open.test'],
      ports: [
        { number: 80, name: 'http', protocol: 'HTTP' },
        { number: 443, name: 'tls', protocol: 'TLS' },
      ],
      resolution: 'DNS',
      location: 'MESH_EXTERNAL',
      exportTo: ['.'],
    },
    inShop,
  ) +
  serviceEntry(
    'db',
    {
      hosts: ['db.test'],
      ports: [{ number: 5432, name: 'tcp', protocol: 'TCP' }],
      resolution: 'DNS',
      location: 'MESH_EXTERNAL',
    },
    inShop,
  );

const secure = { url: 'http://secure.test', method: 'GET' };
const charges = { url: 'http://api.test/v1/charges', method: 'GET' };

const specs = {
  pay: {
    from: { workload: 'pay' },
    mayReach: [
      { url: 'http://api.test/v1/*', method: 'GET' },
      { url: 'http://secure.test', through: 'egress', tls: 'originated' },
      'http://open.test',
      'https://open.test',
      'tcp://db.test:5432',
    ],
    mayNotReach: [
      { ...charges, method: 'POST' },
      { url: 'http://api.test/v2', method: 'GET' },
      'https://secure.test',
      'http://evil.test',
      'https://evil.test',
      'tcp://evil.test:5432',
    ],
    nothingElse: true,
  },
  own: { from: { workload: 'pay' }, mayReach: [charges, secure], nobodyElse: true },
  database: { from: { workload: 'pay' }, mayReach: ['tcp://db.test:5432', 'http://open.test'], nobodyElse: true },
  wrong: {
    from: { workload: 'web' },
    mayReach: [
      charges,
      secure,
      'http://evil.test',
      { url: 'http://open.test', through: 'egress' },
      'https://open.test',
    ],
    mayNotReach: [{ url: 'http://open.test', method: 'GET' }, 'tcp://db.test:5432', 'https://api.test'],
    nothingElse: true,
  },
} satisfies Readonly<Record<string, EgressTestSpec>>;

const tests = Object.entries(specs).map(([name, spec]) => egressTest(name, spec));

function callsOf(calls: EgressTestSpec['mayReach'] = []): readonly Call[] {
  return calls.flatMap((call) => callOf(call) ?? []);
}

/** Field and whether it holds. */
function told({ tests: results }: TestRun) {
  return results.map(({ name, expectations }) => [
    name,
    ...expectations.map(({ path, passed }) => `${passed ? '✓' : '✗'} ${path}`),
  ]);
}

describe('policy tests', needs('root', 'iproute2', 'firewall'), () => {
  const scope = suiteScope();
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-policy-tests-'));
  const extraRoots = join(folder, 'roots.pem');
  const files = join(folder, 'all.yaml');
  let plain: OutsideHttp;
  let tls: RecordedTls;
  let database: OutsideTcp;

  before(async () => {
    scope.after(() => rmSync(folder, { recursive: true, force: true }));
    const authority = await createTestAuthority();
    writeFileSync(extraRoots, authority.root);
    writeFileSync(files, manifests + tests.join(''));
    const address = outsideAddress(240);
    plain = await startOutsideHttp({ t: scope, address, port: 80 });
    tls = await startRecordedTls({ t: scope, address, tls: await authority.issue({ commonName: 'open.test', names }) });
    const serve: Parameters<typeof startOutsideTcp>[0]['serve'] = ({ socket }) => socket.write('ready');
    database = await startOutsideTcp({ t: scope, address, port: 5432, serve });
  });

  const arrived = () => plain.requests.items.length + tls.requests.items.length + database.connections.items.length;

  async function isAnswered(from: Workload, { protocol, host, port, path = '/', method = 'GET' }: Attempt) {
    if (protocol === 'http') return (await statusOf(from, host, { port, path, method, timeoutMs: 4000 })) === 200;
    if (protocol === 'tls') return (await overTls(from, host, { port })) === 'HTTP/1.1 200 OK';
    const steps = [{ send: 'hello\r\n\r\n' }, { expect: 'ready' }];
    const talked = await from
      .perform({ do: 'talk', host, port, tunnel: true, steps, timeoutMs: 2000 })
      .catch(() => undefined);
    return talked?.text?.includes('ready') === true;
  }

  for (const capture of ['redirect', 'proxy'] as const) {
    describe(`with ${capture} capture`, () => {
      const meshScope = suiteScope();
      const callers = new Map<string, Workload>();
      let mesh: TestMesh;
      let ofFiles: TestRun;

      before(async () => {
        const rules = [...names, 'db.test'].flatMap((name) => ['--resolve', `${name}=${outsideAddress(240)}`]);
        mesh = await startMesh(meshScope, {
          up: ['--capture', capture, ...rules],
          env: { SALLYPORT_EXTRA_CA_FILE: extraRoots },
        });
        // Of files alone, as if there were no mesh.
        const { stdout, code } = await mesh.cli('test', '-f', files, '--capture', capture, '-o', 'json');
        assert.equal(code, 1);
        ofFiles = JSON.parse(stdout);
        await mesh.apply(manifests + tests.join(''));
        for (const [name, namespace] of [
          ['pay', 'shop'],
          ['web', 'shop'],
          ['job', 'other'],
        ] as const) {
          await mesh.run('-n', namespace, 'rollout', 'status', `deployment/${name}`, '--timeout', '60s');
          callers.set(name, mesh.attach(`deploy/${name}`, namespace));
        }
        callers.set('stranger', await mesh.workload('stranger', inShop));
        callers.set('foreigner', await mesh.workload('foreigner', { namespace: 'elsewhere' }));
        await until(
          'the gateway leads on',
          () => isAnswered(caller('pay'), { protocol: 'http', host: 'secure.test', port: 80 }),
          20_000,
        );
      });

      function caller(name: string): Workload {
        const found = callers.get(name);
        if (found === undefined) throw new Error(`no ${name}`);
        return found;
      }

      /** Whether it reaches a server outside, as the server and the program saw it. */
      async function reaches(name: string, attempt: Attempt): Promise<boolean> {
        const earlier = arrived();
        const answered = await isAnswered(caller(name), attempt);
        assert.equal(arrived() > earlier, answered, `${name} ${textOf(attempt)}`);
        return answered;
      }

      it('says of files what holds and what does not', () => {
        const passing = (name: string) => specs.pay.mayNotReach.map((_, index) => `✓ spec.${name}[${index}]`);
        assert.deepEqual(told(ofFiles), [
          [
            'pay',
            ...specs.pay.mayReach.map((_, index) => `✓ spec.mayReach[${index}]`),
            ...passing('mayNotReach'),
            '✓ spec.nothingElse',
          ],
          ['own', '✓ spec.mayReach[0]', '✓ spec.mayReach[1]', '✓ spec.nobodyElse'],
          ['database', '✓ spec.mayReach[0]', '✓ spec.mayReach[1]', '✗ spec.nobodyElse'],
          [
            'wrong',
            ...[0, 1, 2, 3].map((index) => `✗ spec.mayReach[${index}]`),
            '✓ spec.mayReach[4]',
            '✗ spec.mayNotReach[0]',
            '✗ spec.mayNotReach[1]',
            '✓ spec.mayNotReach[2]',
            '✗ spec.nothingElse',
          ],
        ]);
      });

      it('and so it is: what may be reached is, and what may not is not', async () => {
        for (const { name, expectations } of ofFiles.tests) {
          const spec: EgressTestSpec | undefined = new Map(Object.entries(specs)).get(name);
          for (const { path, passed } of expectations) {
            const [, field, index] = /^spec\.(mayReach|mayNotReach)\[(\d+)\]$/.exec(path) ?? [];
            const [call] = callsOf(field === 'mayReach' ? spec?.mayReach : spec?.mayNotReach).slice(Number(index));
            // Of the gateway that is not passed it is not said that nothing arrives.
            if (spec?.from.workload === undefined || call === undefined || path === 'spec.mayReach[3]') continue;
            const expected = (field === 'mayReach') === passed;
            assert.equal(await reaches(spec.from.workload, attemptOf(call)), expected, `${name} ${path}`);
          }
        }
      });

      it('what is to go through the gateway does, and leaves in TLS of the mesh', async () => {
        assert.ok(await reaches('pay', { protocol: 'http', host: 'secure.test', port: 80 }));
        assert.equal(tls.requests.items.at(-1)?.sni, 'secure.test');
        assert.deepEqual(tls.inTheClear(), []);
        await until('the gateway tells of it', async () =>
          /outbound\|80\|\|secure\.test/.test(
            await mesh.run('-n', 'shop', 'logs', '-l', 'gateway-name=egress', '-c', 'istio-proxy'),
          ),
        );
      });

      it('nothing else: what was tried without a mesh is refused to the program too', async () => {
        const objects = decodeManifests(manifests, 'all.yaml').objects.map(({ object }) => object);
        const world = createObjectWorld({ objects, capture: { kind: 'redirect' } });
        const attempts = [...attemptsBeside(world.mesh, callsOf(specs.pay.mayReach))].filter(
          ({ host, port }) => [...names, 'db.test'].includes(host) && [80, 443, 5432].includes(port),
        );
        assert.ok(attempts.length > 20, String(attempts.length));
        for (const attempt of attempts) assert.equal(await reaches('pay', attempt), false, textOf(attempt));
        const { failures = [] } = ofFiles.tests.at(-1)?.expectations.at(-1) ?? {};
        // Nobody reads what goes to a database.
        const toDatabase = ['http', 'https', 'tcp'].map((scheme) => `${scheme}://db.test:5432`);
        assert.deepEqual(failures.map(({ call }) => call).sort(), toDatabase);
      });

      it('nobody else: others and strangers are refused, and reach what the test says that they would', async () => {
        const others = ['web', 'job', 'stranger', 'foreigner'];
        for (const call of callsOf(specs.own.mayReach)) {
          for (const name of others) assert.equal(await reaches(name, attemptOf(call)), false, `${name} ${call.text}`);
        }
        const { failures = [] } = ofFiles.tests[2]?.expectations.at(-1) ?? {};
        const named = ['shop/web', 'other/job', 'a stranger in shop', 'a stranger in another namespace'];
        const failing = new Set(failures.map(({ caller: who, call }) => `${who} ${call}`));
        for (const call of callsOf(specs.database.mayReach)) {
          for (const [index, name] of others.entries()) {
            // Another test lets the one web, so that it is nobody else.
            const isLet = name === 'web' && call.url.host === 'open.test';
            const expected = isLet || failing.has(`${named[index]} ${call.text}`);
            assert.equal(await reaches(name, attemptOf(call)), expected, `${name} ${call.text}`);
          }
        }
      });

      it('the mesh says the same of the tests that it has, and of files on top what would be', async () => {
        const stored = await mesh.cli('test', '-n', 'shop', '-o', 'json');
        assert.equal(stored.code, 1, stored.stderr);
        const byName = (run: TestRun) => told(run).sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
        // Two workloads more, which are strangers.
        assert.deepEqual(byName(JSON.parse(stored.stdout)), byName(ofFiles));
        const closed = join(folder, 'closed.yaml');
        const policies = egressPolicy(
          'db',
          { from: pay, hosts: ['db.test', 'open.test'], ports: [{ number: 80 }] },
          inShop,
        );
        const test = egressTest('database', { ...specs.database, mayReach: ['http://open.test'] });
        writeFileSync(closed, policies + test);
        const changed = await mesh.cli('test', '--mesh', '-n', 'shop', '-f', closed, '-o', 'json');
        const database = told(JSON.parse(changed.stdout)).find(([name]) => name === 'database');
        assert.deepEqual(database, ['database', '✓ spec.mayReach[0]', '✓ spec.nobodyElse'], changed.stdout);
        assert.ok(await reaches('web', { protocol: 'http', host: 'open.test', port: 80 }));
        assert.doesNotMatch(await mesh.run('get', 'egp', '-n', 'shop'), /^db /m);
        assert.match(
          await mesh.run('get', 'egt', '-n', 'shop'),
          /^NAME +FROM +MAY .*\n(.*\n)*pay +pay +5 +6 +true +false/,
        );
      });
    });
  }
});
