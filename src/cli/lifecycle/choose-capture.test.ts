// How `up` captures, as it says it itself; no workloads. Needs no rights but where it says so.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { alsoAsNobody } from '../../../test/support/as-nobody.ts';
import { freePort } from '../../../test/support/ports.ts';
import { assertResult, runSallyport } from '../../../test/support/run-sallyport.ts';
import { dataFolder } from '../../platform/data-folder.ts';

const note = 'note: proxy capture: only traffic that a program sends to its proxy is governed\n';

/** Taken down before its folder goes. */
function freshMesh(t: TestContext) {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-capture-'));
  const folder = dataFolder(path);
  const run = (...args: string[]) => runSallyport(folder, args);
  t.after(async () => {
    await run('down');
    rmSync(path, { recursive: true, force: true });
  });
  return { path, folder, run };
}

alsoAsNobody(import.meta.filename, () => {
  test('proxy capture is said, kept, not changed while the mesh is up, and leaves nothing', async (t) => {
    const { path, folder, run } = freshMesh(t);
    const listen = ['--listen', `127.0.0.1:${await freePort()}`];
    const ready = new RegExp(`^mesh ready in ${path}, Envoy [0-9.]+, proxy capture\n${note}API and dashboard on .*\n$`);
    assertResult(await run('up', '--detach', '--capture', 'proxy', ...listen), 0, ready);
    const other = await run('up', '--detach', '--capture', 'redirect');
    const refusal = `error: the mesh in ${path} is up with proxy capture, which cannot be changed while it is up\nend it first with: down\n`;
    assertResult(other, 1, '', refusal);
    assert.match((await run('up', '--detach', '--capture', 'auto', '--drain-time-s', '3')).stdout, /, proxy capture\n/);
    assertResult(await run('istio', 'otp'), 0, 'mesh wide outbound traffic policy is not found\n', note);
    assertResult(await run('down'), 0, `the mesh in ${path} is down\n`);
    assert.equal(existsSync(folder.runPath), false);
  });

  // Root may have redirect capture.
  if (process.getuid?.() === 0) return;
  test('without rights proxy capture is taken, and redirect capture refused, with the reason', async (t) => {
    const { path, run } = freshMesh(t);
    const reason =
      'error: redirect capture is not possible here: it needs root\nwhat is missing is told by: sallyport doctor\n';
    assertResult(await run('up', '--detach', '--capture', 'redirect'), 1, '', reason);
    const listen = ['--listen', `127.0.0.1:${await freePort()}`];
    const up = await run('up', '--detach', ...listen);
    assertResult(
      up,
      0,
      /proxy capture/,
      'note: redirect capture is not possible here, so proxy capture is used: it needs root\n',
    );
    assertResult(await run('down'), 0, `the mesh in ${path} is down\n`);
    assert.equal((await run('doctor')).code, 0);
  });
});
