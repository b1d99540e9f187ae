import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { untilFits } from '../../../test/support/until.ts';
import { endProcess } from './end-process.ts';
import { identifyProcess, isRunning, type ProcessId, waitForExits } from './process-id.ts';

async function started(command: string): Promise<{ readonly child: ChildProcess; readonly id: ProcessId }> {
  const child = spawn('sh', ['-c', `${command}`], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout ?? child, 'data');
  const id = identifyProcess(child.pid ?? 0);
  assert.ok(id);
  return { child, id };
}

test('a process is known by pid and start time, also with a wild name', async () => {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-process-'));
  copyFileSync('/bin/sleep', join(root, 'a) Z 1 (b'));
  const { child, id } = await started(`echo; exec '${root}/a) Z 1 (b' 60`);
  await untilFits(
    () => readFileSync(`/proc/${id.pid}/comm`, 'utf8'),
    (name) => name === 'a) Z 1 (b\n',
  );
  assert.ok(isRunning(id));
  assert.equal(isRunning({ ...id, startTime: id.startTime + 1 }), false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(isRunning(id), false);
  rmSync(root, { recursive: true });
});

test('a process that does not heed SIGTERM is killed when its time is over', async () => {
  const { id } = await started('trap "" TERM; echo; while :; do sleep 1; done');
  await endProcess(id, 50);
  assert.equal(isRunning(id), false);
});

test('waiting gives back what still runs', async () => {
  const { child, id } = await started('echo; exec sleep 60');
  assert.deepEqual(await waitForExits([id], 20), [id]);
  child.kill('SIGKILL');
  assert.deepEqual(await waitForExits([id], 5_000), []);
});
