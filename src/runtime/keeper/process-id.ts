// Which process is meant, for longer than its parent lives: pid and start time together name one process of this
// boot for good, a pid alone may be anybody's later.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { SallyportError, systemCode } from '../../platform/errors.ts';

export const processIdSchema = z.object({
  pid: z.int().positive(),
  /** Clock ticks since boot. */
  startTime: z.int().nonnegative(),
});

export type ProcessId = Readonly<z.infer<typeof processIdSchema>>;

export interface ProcessStat extends ProcessId {
  readonly parent: number;
  /** Pid of the process that began its session. */
  readonly session: number;
}

/** What the kernel says of a running process; undefined if there is none, or only its zombie. (proc(5), `stat`.) */
export function statProcess(pid: number): ProcessStat | undefined {
  const stat = readProc(`/proc/${pid}/stat`);
  // The command, in parentheses, may hold spaces and parentheses itself.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [parent, , session] = rest.map(Number);
  const startTime = Number(rest[18]);
  if (parent === undefined || session === undefined || !Number.isInteger(startTime)) return undefined;
  return state === 'Z' || state === 'X' ? undefined : { pid, startTime, parent, session };
}

/** The identity of a running process; undefined if there is none, or only its zombie. */
export function identifyProcess(pid: number): ProcessId | undefined {
  const startTime = statProcess(pid)?.startTime;
  return startTime === undefined ? undefined : { pid, startTime };
}

export function isRunning(process: ProcessId): boolean {
  return identifyProcess(process.pid)?.startTime === process.startTime;
}

/** Sends a signal to the process group that the process leads, else to the process. False if it is gone. */
export function signalGroup(target: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isRunning(target)) return false;
  return send(-target.pid, signal) || send(target.pid, signal);
}

/** Polls until none of them runs or `timeoutMs` are over; resolves to those that still run. */
export async function waitForExits(
  processes: readonly ProcessId[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<readonly ProcessId[]> {
  const deadline = Date.now() + timeoutMs;
  let running = processes.filter(isRunning);
  while (running.length > 0 && Date.now() < deadline) {
    await delay(10, undefined, { ...(signal && { signal }) });
    running = running.filter(isRunning);
  }
  return running;
}

/** SIGKILL for all that `list` gives, until it gives none. Throws SallyportError if some live on after 5 s. */
export async function killAll(list: () => readonly number[] | Promise<readonly number[]>): Promise<void> {
  const deadline = Date.now() + 5_000;
  for (let pids = await list(); pids.length > 0; pids = await list()) {
    if (Date.now() > deadline) throw new SallyportError('SP_STUCK', `process ${pids.join(', ')} cannot be ended`);
    for (const pid of pids) send(pid, 'SIGKILL');
    await delay(10);
  }
}

/** A name for this boot: process ids of another boot mean nothing. */
export function bootId(): string {
  return readProc('/proc/sys/kernel/random/boot_id').trim();
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    // EPERM: it has become another user's, by a set-user-id program.
    if (systemCode(error) === 'ESRCH' || systemCode(error) === 'EPERM') return false;
    throw error;
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ESRCH') return '';
    throw error;
  }
}
