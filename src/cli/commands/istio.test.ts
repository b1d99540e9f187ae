import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertResult, startMeshForCli } from '../../../test/support/run-sallyport.ts';

const is = 'mesh wide outbound traffic policy is';

test('the policy is not found, set, already set, currently set', async (t) => {
  const { run } = await startMeshForCli(t);
  assertResult(await run('istio outbound-traffic-policy'), 0, `${is} not found\n`);
  assertResult(await run('istio outbound-traffic-policy restricted'), 0, `${is} set to 'REGISTRY_ONLY'\n`);
  assertResult(await run('istio outbound-traffic-policy restricted'), 0, `${is} already set to 'REGISTRY_ONLY'\n`);
  assertResult(await run('istio otp'), 0, `${is} currently set to 'REGISTRY_ONLY'\n`);
  assertResult(await run('istio otp allowed'), 0, `${is} set to 'ALLOW_ANY'\n`);
  assertResult(await run('istio otp'), 0, `${is} currently set to 'ALLOW_ANY'\n`);
});

test('a mesh without a mode shows the default, and its policy is not found', async (t) => {
  const { run, store } = await startMeshForCli(t);
  const metadata = { name: 'mesh', namespace: 'istio-system' };
  const object = { apiVersion: 'istio.banzaicloud.io/v1beta1', kind: 'Istio', metadata, spec: { version: '1.4.9' } };
  await store.apply([object]);
  const jsonpath = 'get istio mesh -n istio-system -o jsonpath={@.spec.outboundTrafficPolicy.mode}{"\\n"}';
  assertResult(await run(jsonpath), 0, 'ALLOW_ANY\n');
  assertResult(await run('istio otp'), 0, `${is} not found\n`);
});

test('the policy is a field of the Istio object', async (t) => {
  const { run } = await startMeshForCli(t);
  assertResult(await run('istio otp allowed'), 0, /set to/);
  const patch =
    'patch istio mesh -n istio-system --type=merge -p {"spec":{"outboundTrafficPolicy":{"mode":"REGISTRY_ONLY"}}}';
  assertResult(await run(patch), 0, 'istio.istio.banzaicloud.io/mesh patched\n');
  assertResult(await run('istio otp'), 0, `${is} currently set to 'REGISTRY_ONLY'\n`);
});

for (const words of ['open', 'allowed restricted', 'ALLOWED', 'constructor']) {
  test(`'${words}' is no policy`, async (t) => {
    const { run } = await startMeshForCli(t);
    assertResult(await run(`istio otp ${words}`), 2, '', `invalid outbound mesh policy: ${words}\n`);
    assertResult(await run('istio otp'), 0, `${is} not found\n`);
  });
}

test('in proxy capture the policy comes with a note on standard error', async (t) => {
  const info = { pid: 1, version: '1', data: '/x', capture: 'proxy', startedAt: '2026-01-01T00:00:00Z' } as const;
  const { run } = await startMeshForCli(t, { info });
  const result = await run('istio otp');
  assertResult(result, 0, `${is} not found\n`, /^note: proxy capture: .*\n$/);
  assert.equal(result.stderr.split('\n').length, 2);
});

test('so does every other command that shows or sets a policy, and no other', async (t) => {
  const info = { pid: 1, version: '1', data: '/x', capture: 'proxy', startedAt: '2026-01-01T00:00:00Z' } as const;
  const { run } = await startMeshForCli(t, { info });
  const entry = (kind: string, rest: object) =>
    JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind, metadata: { name: 'open' }, ...rest });
  const spec = { hosts: ['open.example'], ports: [{ number: 80, name: 'http', protocol: 'HTTP' }], resolution: 'DNS' };
  const policy = [
    ['apply -f -', entry('ServiceEntry', { spec })],
    ['get se'],
    ['get se open -o json'],
    ['describe se open'],
    ['patch se open -p {"metadata":{"labels":{"a":"b"}}}'],
    ['delete se open'],
  ];
  for (const [line = '', input] of policy)
    assertResult(await run(line, input), 0, /open/, /^note: proxy capture: .*\n$/);
  const object = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'plain' } });
  for (const [line = '', input] of [['apply -f -', object], ['get configmaps'], ['delete configmap plain']])
    assertResult(await run(line, input), 0, /plain/);
});

test('addresses that go around the proxies come with a warning; in proxy capture they change nothing', async (t) => {
  const patch = `patch istio mesh -n istio-system -p {"spec":{"excludeIPRanges":"192.0.2.0/24"}}`;
  for (const [capture, expected] of [
    ['redirect', /^warning: TCP to 192\.0\.2\.0\/24 goes around the proxies: not governed, not counted\n$/],
    ['proxy', /^note: proxy capture: .*\nnote: proxy capture: .* change nothing.*\n$/],
  ] as const) {
    await t.test(capture, async (t) => {
      const info = { pid: 1, version: '1', data: '/x', capture, startedAt: '2026-01-01T00:00:00Z' };
      const { run } = await startMeshForCli(t, { info });
      await run('istio otp restricted');
      assertResult(await run(patch), 0, /patched/, /192\.0\.2\.0\/24 goes around/);
      assertResult(await run('istio otp'), 0, `${is} currently set to 'REGISTRY_ONLY'\n`, expected);
    });
  }
});

test('the object and the capture are asked for once', async (t) => {
  let infos = 0;
  const info = {
    ...{ pid: 1, version: '1', data: '/x', startedAt: '2026-01-01T00:00:00Z' },
    get capture() {
      infos += 1;
      return 'redirect' as const;
    },
  };
  const { run, store } = await startMeshForCli(t, { info });
  await run('istio otp allowed');
  const { mock } = t.mock.method(store, 'get');
  for (const [line, said] of [
    ['istio otp', 'currently set'],
    ['istio otp allowed', 'already set'],
    ['istio otp restricted', 'set'],
  ] as const) {
    mock.resetCalls();
    infos = 0;
    assertResult(await run(line), 0, new RegExp(`^${is} ${said} to`));
    assert.deepEqual([mock.callCount(), infos], [1, 1], line);
  }
});
