import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryDataFolder } from '../../../test/support/control-plane.ts';
import { runSallyport, startMeshForCli } from '../../../test/support/run-sallyport.ts';

test('doctor lists every check, and fails only for what every mesh needs', async (t) => {
  const folder = await temporaryDataFolder(t);
  const { code, stdout, stderr } = await runSallyport(folder, ['doctor', '-o', 'json']);
  const { checks } = JSON.parse(stdout) as { checks: { name: string; ok: boolean; mend?: string }[] };
  const state = new Map(checks.map(({ name, ok }) => [name, ok]));
  const able = ['Node', 'Envoy', 'data folder', 'capture'].map((name) => {
    assert.ok(state.has(name), `no check '${name}' among ${[...state.keys()].join(', ')}`);
    return state.get(name);
  });
  assert.equal(code, able.every(Boolean) ? 0 : 1);
  assert.equal(stderr, '');
  for (const { ok, name, mend } of checks) assert.equal(mend === undefined, ok, `${name} has a mend where it lacks`);
  const table = await runSallyport(folder, ['doctor']);
  assert.match(table.stdout, /^CHECK +STATE +FOUND +NEEDED FOR\nNode +ok +24\./);
});

test('a mesh that is up says what goes around its proxies, in one line; one that is not says nothing', async (t) => {
  const { run, store, close } = await startMeshForCli(t);
  const lines = async () => (await run('doctor')).stdout.split('\n').filter((line) => line.startsWith('Istio'));
  await run('istio otp restricted');
  assert.deepEqual(await lines(), []);
  const metadata = { name: 'mesh', namespace: 'istio-system' };
  const spec = { version: '1.4.9', excludeIPRanges: '192.0.2.0/24', includeIPRanges: '192.0.0.0/8' };
  const istio = { apiVersion: 'istio.banzaicloud.io/v1beta1', kind: 'Istio', metadata, spec };
  // Without effect, and so without a hole.
  await store.apply([istio, { ...istio, metadata: { ...metadata, name: 'other' } }]);
  const [line = '', mend, ...others] = await lines();
  assert.match(
    line,
    /^Istio\/istio-system\/mesh +lacking +TCP to all but 192\.0\.0\.0\/8 goes around .*; TCP to 192\.0\.2\.0\/24 /,
  );
  assert.match(mend ?? '', /^Istio\/istio-system\/mesh: register hosts/);
  assert.deepEqual(others, []);
  await close();
  assert.deepEqual(await lines(), []);
});

test('under proxy capture nothing goes around by ranges', async (t) => {
  const info = { pid: 1, version: '1', data: '/x', capture: 'proxy', startedAt: '2026-01-01T00:00:00Z' } as const;
  const { run } = await startMeshForCli(t, { info });
  await run('istio otp restricted');
  await run('patch istio mesh -n istio-system -p {"spec":{"excludeIPRanges":"192.0.2.0/24"}}');
  const { stdout } = await run('doctor');
  assert.match(stdout, /^CHECK/);
  assert.doesNotMatch(stdout, /^Istio/m);
});
