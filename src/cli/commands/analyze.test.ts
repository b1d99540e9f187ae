import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryDataFolder } from '../../../test/support/control-plane.ts';
import { serviceEntryYaml } from '../../../test/support/manifests.ts';
import { assertResult, runSallyport, startMeshForCli } from '../../../test/support/run-sallyport.ts';

const broken = serviceEntryYaml('a').replace('DNS', 'DSN');

test('files are analyzed without a mesh', async (t) => {
  const folder = await temporaryDataFolder(t);
  const args = ['analyze', '-f', '-'];
  assertResult(await runSallyport(folder, args, serviceEntryYaml('a')), 0, 'no mistakes found\n');
  assertResult(
    await runSallyport(folder, args, broken),
    1,
    /^error SP0107 <stdin>:12:15 ServiceEntry\/default\/a spec\.resolution: .*DNS/,
  );
});

test('as JSON', async (t) => {
  const folder = await temporaryDataFolder(t);
  const { stdout, code } = await runSallyport(folder, ['analyze', '-f', '-', '-o', 'json'], broken);
  const { diagnostics } = JSON.parse(stdout);
  assert.equal(code, 1);
  const [{ severity, code: name, resource, path, source, message }] = diagnostics;
  assert.deepEqual([severity, name, resource, path], ['error', 'SP0107', 'ServiceEntry/default/a', 'spec.resolution']);
  assert.deepEqual(source, { file: '<stdin>', line: 12, column: 15 });
  assert.ok(message.length > 0);
});

test('warnings alone are no failure; without -f the mesh is asked', async (t) => {
  const diagnostic = {
    severity: 'warning',
    code: 'SP1',
    resource: 'ServiceEntry/default/a',
    path: 'spec',
    message: 'odd',
    hint: 'mend',
  } as const;
  const { run } = await startMeshForCli(t, { diagnostics: async () => [diagnostic] });
  assertResult(await run('analyze'), 0, 'warning SP1 ServiceEntry/default/a spec: odd; mend\n');
});
