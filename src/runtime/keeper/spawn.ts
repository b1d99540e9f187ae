// Sees to it that a mesh has its keeper: the one that answers, or a new one in the background that takes over what an
// earlier one left running.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { extname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DataFolder } from '../../platform/data-folder.ts';
import { SallyportError } from '../../platform/errors.ts';
import { serviceNodeArgs } from '../../platform/service-process.ts';
import { packageVersion } from '../../platform/version.ts';
import { userCacheFolder } from '../envoy-supply/cache.ts';
import type { KeeperStatus } from '../protocol.ts';
import { createKeeperClient } from './client.ts';
import { captureInForce } from './keeper-files.ts';
import { lastLine } from './log-files.ts';
import { markName } from './pod-mark.ts';
import { identifyProcess, waitForExits } from './process-id.ts';

export interface EnsureKeeperOptions {
  readonly dataFolder: DataFolder;
  /** Path of the Envoy that new sidecars are to run. */
  readonly envoy: string;
  readonly capture: KeeperStatus['capture'];
  readonly signal?: AbortSignal;
}

const silence: ReadonlySet<string> = new Set(['SP_NO_SERVER', 'SP_CONNECTION_LOST']);
const startMs = 30_000;
const stopMs = 10_000;
const pollMs = 20;

/**
 * `started`: it was not there. A keeper of another version or with another Envoy is replaced; what it keeps runs on.
 * Throws SallyportError with the keeper's own last words if it does not come up, and where what runs already is captured
 * in the other way.
 */
export async function ensureKeeper(
  options: EnsureKeeperOptions,
): Promise<{ readonly started: boolean; readonly status: KeeperStatus }> {
  const { dataFolder, envoy, capture, signal } = options;
  requireSameCapture(dataFolder, capture);
  const running = await runningKeeper(dataFolder);
  const fits = running?.envoy.path === envoy && running.version === packageVersion();
  if (running !== undefined && fits) return { started: false, status: running };
  if (running !== undefined) await endKeeper(running.pid, signal);
  return { started: running === undefined, status: await startKeeper(options) };
}

/** Undefined if none answers on this data folder's socket, also where one is just dying. */
async function runningKeeper(dataFolder: DataFolder): Promise<KeeperStatus | undefined> {
  try {
    return await createKeeperClient(dataFolder.keeperSocket).status();
  } catch (error) {
    if (error instanceof SallyportError && silence.has(error.code)) return undefined;
    throw error;
  }
}

/** Pods live in places that only their own capture knows. */
function requireSameCapture({ path, keeperPath }: DataFolder, wanted: KeeperStatus['capture']): void {
  const present = captureInForce(keeperPath);
  if (present === undefined || present === wanted) return;
  const message = `the mesh in ${path} is up with ${present} capture, which cannot be changed while it is up`;
  throw new SallyportError('SP_CAPTURE', message, { hint: 'end it first with: down' });
}

async function startKeeper({ dataFolder, envoy, capture, signal }: EnsureKeeperOptions): Promise<KeeperStatus> {
  mkdirSync(dataFolder.logsPath, { recursive: true, mode: 0o700 });
  const logFile = join(dataFolder.logsPath, 'keeper.log');
  const log = openSync(logFile, 'a', 0o600);
  const { dirname, filename } = import.meta;
  const entry = join(dirname, `keeper-process${extname(filename)}`);
  const settings = JSON.stringify({ data: dataFolder.path, envoy, capture });
  const child = spawn(process.execPath, [...serviceNodeArgs, entry, settings], {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    // Compiled before, it needs a third less memory.
    env: { ...process.env, [markName]: undefined, NODE_COMPILE_CACHE: join(userCacheFolder(), 'compile-cache') },
  });
  closeSync(log);
  child.unref();
  try {
    return await answers(dataFolder, child, logFile, signal);
  } catch (error) {
    if (child.pid !== undefined) await endKeeper(child.pid);
    throw error;
  }
}

async function answers(
  dataFolder: DataFolder,
  child: ChildProcess,
  logFile: string,
  signal: AbortSignal | undefined,
): Promise<KeeperStatus> {
  const deadline = Date.now() + startMs;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const status = await runningKeeper(dataFolder);
    if (status?.pid === child.pid && status !== undefined) return status;
    await delay(pollMs, undefined, { ...(signal && { signal }) });
  }
  const inTime = Date.now() < deadline;
  const why = inTime
    ? (lastLine(logFile)?.replace(/^error: /, '') ?? 'it said nothing')
    : `not within ${startMs / 1000} s`;
  throw new SallyportError('SP_KEEPER_FAILED', `the keeper did not start: ${why}`, { hint: `see ${logFile}` });
}

async function endKeeper(pid: number, signal?: AbortSignal): Promise<void> {
  const id = identifyProcess(pid);
  if (id === undefined) return;
  process.kill(pid, 'SIGTERM');
  const left = await waitForExits([id], stopMs, signal);
  if (left.length > 0) process.kill(pid, 'SIGKILL');
}
