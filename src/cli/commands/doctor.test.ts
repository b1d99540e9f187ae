import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryDataFolder } from '../../../test/support/control-plane.ts';
import { runSallyport } from '../../../test/support/run-sallyport.ts';

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
