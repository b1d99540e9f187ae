// Whose environment programs have: that of the `up` that began their mesh, whatever shell a later one is typed in. Needs no
// rights.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { controlPlanePid, keeperPods, kill } from '../../../test/support/mesh-processes.ts';
import { freePort } from '../../../test/support/ports.ts';
import { finished, type RunResult, startSallyport } from '../../../test/support/run-sallyport.ts';
import { untilFits } from '../../../test/support/until.ts';
import { dataFolder } from '../../platform/data-folder.ts';
import { environmentFile } from '../../runtime/keeper/program-environment.ts';

test('an `up` from another shell restarts nothing and gives programs nothing of its own', async (t) => {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-environment-'));
  const folder = dataFolder(path);
  async function run(...args: string[]): Promise<RunResult> {
    const result = await finished(startSallyport(folder, args));
    assert.equal(result.code, 0, JSON.stringify(result));
    return result;
  }
  t.after(async () => {
    Reflect.deleteProperty(process.env, 'SHELL_OF_LATER');
    await run('down');
    rmSync(path, { recursive: true, force: true });
  });
  const file = environmentFile(folder.keeperPath);
  await run('up', '--detach', '--capture', 'proxy', '--listen', `127.0.0.1:${await freePort()}`);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await run('run', '--name', 'lasting', '--detach', '--', 'sleep', '600');
  const pids = async () => {
    const pod = (await keeperPods({ data: path })).find(({ name }) => name === 'lasting');
    return [pod?.app.pid, pod?.proxy.pid];
  };
  const before = await pids();
  assert.ok(before.every((pid) => pid !== undefined));

  await kill(await controlPlanePid({ data: path }));
  process.env['SHELL_OF_LATER'] = '1';
  await run('up', '--detach');
  assert.deepEqual(await pids(), before);
  await run('run', '--name', 'late', '--detach', '--', 'sleep', '600');
  const variable = (name: string) => finished(startSallyport(folder, ['exec', 'late', '--', 'printenv', name]));
  assert.equal((await variable('HOME')).stdout, `${process.env['HOME']}\n`);
  assert.equal((await variable('SHELL_OF_LATER')).code, 1);
  assert.deepEqual(await pids(), before);

  await run('down');
  assert.equal(existsSync(file), false);
  await run('up', '--detach', '--capture', 'proxy', '--listen', `127.0.0.1:${await freePort()}`);
  const { stdout } = await untilFits(
    () => variable('SHELL_OF_LATER'),
    ({ code }) => code === 0,
  );
  assert.equal(stdout, '1\n');
});
