// The control plane as a process: in this one (`up`) or in the background (`up --detach`, which starts `serve`). Which of
// them runs is asked over its own socket, never guessed from a pid file alone.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { DataFolder } from '../../platform/data-folder.ts';
import { SallyportError } from '../../platform/errors.ts';
import { serviceNodeArgs } from '../../platform/service-process.ts';
import { requestJson } from '../../platform/unix-http.ts';
import { markName } from '../../runtime/keeper/pod-mark.ts';

const infoSchema = z.object({ pid: z.number(), startedAt: z.string() });

export type RunningControlPlane = z.infer<typeof infoSchema>;

const startTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;
const pollMs = 25;

/** Undefined when none answers on this data folder's socket. */
export async function runningControlPlane(folder: DataFolder): Promise<RunningControlPlane | undefined> {
  try {
    const { body } = await requestJson({ socketPath: folder.apiSocket, path: '/v1/info', timeoutMs: 5000 });
    return infoSchema.parse(body);
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'SP_NO_SERVER') return undefined;
    throw error;
  }
}

function controlPlaneLog(folder: DataFolder): string {
  return join(folder.logsPath, 'control-plane.log');
}

/** Starts `serve` in the background and resolves when it serves; throws with its own last words when it ends first. */
export async function startDetached(folder: DataFolder, signal: AbortSignal): Promise<RunningControlPlane> {
  mkdirSync(folder.logsPath, { recursive: true, mode: 0o700 });
  const log = openSync(controlPlaneLog(folder), 'a', 0o600);
  const entry = process.argv[1] ?? '';
  const child = spawn(process.execPath, [...serviceNodeArgs, entry, 'serve', '--data', folder.path], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
    // Started by a workload, it does not end with it.
    env: { ...process.env, [markName]: undefined },
  });
  closeSync(log);
  child.unref();
  try {
    return await answers(folder, child, signal);
  } catch (error) {
    if (child.pid !== undefined && isAlive(child.pid)) await stopControlPlane({ pid: child.pid });
    throw error;
  }
}

async function answers(folder: DataFolder, child: ChildProcess, signal: AbortSignal): Promise<RunningControlPlane> {
  const deadline = performance.now() + startTimeoutMs;
  while (performance.now() < deadline) {
    signal.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null) throw startFailure(folder);
    const running = await runningControlPlane(folder);
    if (running !== undefined && running.pid === child.pid) return running;
    await delay(pollMs, undefined, { signal });
  }
  throw new SallyportError('SP_START_TIMEOUT', `the control plane was not ready within ${startTimeoutMs / 1000} s`, {
    hint: `see ${controlPlaneLog(folder)}`,
  });
}

/** Ends it and resolves when the process is gone. Proxies keep their configuration. */
export async function stopControlPlane(running: Pick<RunningControlPlane, 'pid'>): Promise<void> {
  process.kill(running.pid, 'SIGTERM');
  const deadline = performance.now() + stopTimeoutMs;
  while (performance.now() < deadline) {
    if (!isAlive(running.pid)) return;
    await delay(pollMs);
  }
  process.kill(running.pid, 'SIGKILL');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The last line the process wrote for a person: `error: …` and what stands behind it. */
function startFailure(folder: DataFolder): SallyportError {
  const lines = readFileSync(controlPlaneLog(folder), 'utf8').trimEnd().split('\n').slice(-20);
  const at = lines.findLastIndex((line) => line.startsWith('error: '));
  const hint = lines[at + 1];
  if (at < 0) {
    return new SallyportError('SP_START_FAILED', 'the control plane ended before it was ready', {
      hint: `see ${controlPlaneLog(folder)}`,
    });
  }
  return new SallyportError(
    'SP_START_FAILED',
    (lines[at] ?? '').slice('error: '.length),
    hint === undefined ? {} : { hint },
  );
}
