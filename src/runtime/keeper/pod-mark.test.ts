import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { until } from '../../../test/support/until.ts';
import { markedPids, podMark } from './pod-mark.ts';
import { identifyProcess, killAll, waitForExits } from './process-id.ts';

const meshId = `${process.pid}`.padStart(8, '0');

async function start(t: TestContext, script: string, index = 7): Promise<ChildProcess> {
  const env = { PATH: process.env['PATH'], ...podMark(meshId, index, 'app') };
  const child = spawn('sh', ['-c', script], { env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  t.after(() => killAll(() => markedPids(meshId)));
  await once(child.stdout ?? child, 'data');
  return child;
}

test('a mark names a mesh, a pod, or a part of it, and nobody else', async (t) => {
  const { pid } = await start(t, 'echo ready; sleep 600; :');
  const other = await start(t, 'echo ready; sleep 600; :', 70);
  assert.ok(pid !== undefined && other.pid !== undefined);
  assert.ok(markedPids(meshId).includes(pid) && markedPids(meshId).includes(other.pid));
  assert.ok(markedPids(meshId, 7, 'app').includes(pid));
  assert.ok(!markedPids(meshId, 7).includes(other.pid));
  assert.deepEqual(markedPids(meshId, 7, 'proxy'), []);
  assert.deepEqual(markedPids(`${meshId}0`), []);
});

test('children are found that made a session of their own, also without a living parent', async (t) => {
  const child = await start(t, `(setsid sh -c 'echo ready; sleep 600; :' &)`);
  await until('the parent has ended', () => child.exitCode !== null);
  await until('the shell and its sleep run', () => markedPids(meshId, 7).length === 2);
  await killAll(() => markedPids(meshId, 7));
  assert.deepEqual(markedPids(meshId, 7), []);
});

test('children without the mark are found by their parent, and by the session that a marked one began', async (t) => {
  const child = await start(t, `env -i setsid sh -c 'sleep 601; :' & (env -i sleep 602 &) ; echo ready; sleep 600; :`);
  await until('all run', () => markedPids(meshId, 7).length === 5);
  const ids = markedPids(meshId, 7).flatMap((pid) => identifyProcess(pid) ?? []);
  await killAll(() => markedPids(meshId, 7));
  assert.deepEqual(await waitForExits(ids, 5_000), []);
  assert.equal(child.pid !== undefined && identifyProcess(child.pid), undefined);
});
