import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { endProcess } from './end-process.ts';
import { type ProcessRecord, pending } from './pod-record.ts';
import { isRunning } from './process-id.ts';
import { createSupervisor, type SupervisorOptions } from './supervisor.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-supervisor-'));
after(() => rmSync(root, { recursive: true, force: true }));

const delays = { firstMs: 60_000, longestMs: 300_000, forgiveMs: 600_000 };

interface Run {
  readonly supervisor: ReturnType<typeof createSupervisor>;
  readonly saved: readonly ProcessRecord[];
  /** The first record saved that fits; throws after 10 s. */
  until(fits: (record: ProcessRecord) => boolean): Promise<ProcessRecord>;
}

function supervise(command: string, change: Partial<SupervisorOptions> = {}): Run {
  const saved: ProcessRecord[] = [];
  const supervisor = createSupervisor({
    record: pending,
    restartPolicy: 'Always',
    delays,
    spawn: () => spawn('sh', ['-c', command], { detached: true, stdio: 'ignore' }),
    end: (process) => endProcess(process, 1_000),
    lastWords: () => undefined,
    save: (record) => saved.push(record),
    ...change,
  });
  return {
    supervisor,
    saved,
    async until(fits) {
      const deadline = Date.now() + 10_000;
      for (;;) {
        const record = saved.find(fits);
        if (record !== undefined) return record;
        assert.ok(Date.now() < deadline, `never came; saved: ${JSON.stringify(saved)}`);
        await delay(5);
      }
    },
  };
}

test('a program that fails is started again at once, then waits with its last words', async () => {
  const { supervisor, saved, until } = supervise('exit 3', { lastWords: () => 'no such file' });
  supervisor.start();
  const waiting = await until(({ phase }) => phase === 'CrashLoopBackOff');
  assert.equal(waiting.exitCode, 3);
  assert.equal(waiting.restarts, 1);
  assert.equal(waiting.reason, 'ended with exit code 3: no such file; starts again in 60 s');
  await supervisor.stop();
  assert.equal(saved.at(-1), waiting);
});

test('a program that is to run once is not started again', async () => {
  const { supervisor, until } = supervise('kill -KILL $$', { restartPolicy: 'Never' });
  supervisor.start();
  const end = await until(({ phase }) => phase === 'Exited');
  assert.deepEqual(end, { phase: 'Exited', restarts: 0, failures: 1, signal: 'SIGKILL', reason: 'ended by SIGKILL' });
});

test('after a long run earlier failures are forgotten', async () => {
  const record: ProcessRecord = { ...pending, failures: 5 };
  const { supervisor, until } = supervise('exec sleep 60', { record, delays: { ...delays, forgiveMs: 0 } });
  supervisor.start();
  const first = await until(({ phase }) => phase === 'Running');
  if (first.process) process.kill(first.process.pid, 'SIGKILL');
  const second = await until(({ phase, restarts }) => phase === 'Running' && restarts === 1);
  assert.equal(second.failures, 1);
  await supervisor.stop();
  assert.ok(second.process && !isRunning(second.process));
});

test('a running process is taken over, not started; its end is noticed', async () => {
  const marker = join(root, 'starts');
  const command = `echo start >> ${marker}; exec sleep 60`;
  const first = supervise(command);
  first.supervisor.start();
  await first.until(() => existsSync(marker) && readFileSync(marker, 'utf8') === 'start\n');
  first.supervisor.release();
  const second = supervise(command, { record: first.supervisor.record() });
  second.supervisor.start();
  const pid = first.supervisor.record().process?.pid ?? 0;
  assert.equal(second.supervisor.record().process?.pid, pid);
  assert.equal(readFileSync(marker, 'utf8'), 'start\n');
  assert.deepEqual(second.saved, []);
  process.kill(pid, 'SIGKILL');
  const again = await second.until(({ phase, restarts }) => phase === 'Running' && restarts === 1);
  assert.notEqual(again.process?.pid, pid);
  await second.supervisor.stop();
});

test('what cannot be started says why', async () => {
  const { supervisor, until } = supervise('', { spawn: () => spawn('/nonexistent/program'), restartPolicy: 'Never' });
  supervisor.start();
  const end = await until(({ phase }) => phase === 'Exited');
  assert.match(end.reason ?? '', /^could not be started: no program \/nonexistent\/program, or /);
});

test('a stop while it waits for its restart starts nothing', async () => {
  const { supervisor, saved, until } = supervise('exit 1', { delays: { ...delays, firstMs: 20 } });
  supervisor.start();
  await until(({ phase }) => phase === 'CrashLoopBackOff');
  await supervisor.stop();
  const count = saved.length;
  await delay(100);
  assert.equal(saved.length, count);
});
