// Keeps one process running: starts it, or takes over the one that an earlier keeper started, and starts it again
// when it ends, with growing delay. Invariant: a state is saved before anything else learns of it; after `stop` or
// `release` nothing is started any more.
import type { ChildProcess } from 'node:child_process';
import { messageOf } from '../../platform/errors.ts';
import type { PodSpec } from '../protocol.ts';
import type { ProcessRecord } from './pod-record.ts';
import { identifyProcess, isRunning, type ProcessId } from './process-id.ts';
import { type RestartPolicy, restartDelay } from './restart-delay.ts';

export interface SupervisorOptions {
  /** As the last keeper left it, or `pending`. */
  readonly record: ProcessRecord;
  readonly restartPolicy: PodSpec['restartPolicy'];
  readonly delays: RestartPolicy;
  /** Spawns it in a session of its own. */
  readonly spawn: () => ChildProcess;
  /** Ends it and resolves when it is gone. */
  readonly end: (process: ProcessId) => Promise<void>;
  /** Ends what it left behind: asked for when it has ended, before it is started again. */
  readonly endRest?: () => Promise<void>;
  /** The last line that it wrote. */
  readonly lastWords: () => string | undefined;
  /** Makes a state last and known. */
  readonly save: (record: ProcessRecord) => void;
}

export interface Supervisor {
  /** Starts it, or takes over what the record says. */
  start(): void;
  /** Ends it for good. */
  stop(): Promise<void>;
  /** Leaves it running and looks no more. */
  release(): void;
  record(): ProcessRecord;
}

interface End {
  readonly exitCode?: number;
  readonly signal?: string;
  readonly reason: string;
}

/** Processes that are not our children tell nobody that they end. */
const adoptedPollMs = 250;

export function createSupervisor(options: SupervisorOptions): Supervisor {
  let record = options.record;
  let timer: NodeJS.Timeout | undefined;
  let done = false;

  function save(next: ProcessRecord): void {
    record = next;
    options.save(next);
  }

  function launch(): void {
    const { restarts, failures } = record;
    let child: ChildProcess;
    try {
      child = options.spawn();
    } catch (error) {
      ended({ reason: `could not be started: ${messageOf(error)}` });
      return;
    }
    child.once(
      'error',
      (error) => child.pid === undefined && ended({ reason: `could not be started: ${startFault(error)}` }),
    );
    child.once('exit', (code, signal) => ended(endOf(code, signal)));
    const process = child.pid === undefined ? undefined : identifyProcess(child.pid);
    // Without an identity it has ended already: its exit is about to be told.
    if (process === undefined) return;
    save({ phase: 'Running', process, startedAt: new Date().toISOString(), restarts, failures });
  }

  function adopt(process: ProcessId): void {
    if (isRunning(process)) timer = setTimeout(() => adopt(process), adoptedPollMs);
    else ended({ reason: 'ended; an earlier keeper started it, so its exit code is unknown' });
  }

  function ended(end: End): void {
    if (done) return;
    const words = options.lastWords();
    const reason = words === undefined || end.exitCode === 0 ? end.reason : `${end.reason}: ${words}`;
    const failures = ranLong() ? 1 : record.failures + 1;
    const last = { ...end, restarts: record.restarts, failures, reason };
    if (options.restartPolicy === 'Never') {
      save({ ...last, phase: 'Exited' });
      void endRest();
      return;
    }
    const delay = restartDelay(options.delays, failures);
    const wait = `${reason}; starts again in ${Math.ceil(delay / 1000)} s`;
    save({ ...last, ...(delay === 0 ? { phase: 'Pending' } : { phase: 'CrashLoopBackOff', reason: wait }) });
    again(delay);
  }

  function again(delay: number): void {
    const cleared = endRest();
    timer = setTimeout(async () => {
      await cleared;
      if (done) return;
      record = { ...record, restarts: record.restarts + 1 };
      launch();
    }, delay);
  }

  /** What cannot be ended now is told when the pod is removed. */
  async function endRest(): Promise<void> {
    await options.endRest?.().catch(() => undefined);
  }

  function ranLong(): boolean {
    if (record.startedAt === undefined) return false;
    return Date.now() - Date.parse(record.startedAt) >= options.delays.forgiveMs;
  }

  function release(): void {
    done = true;
    clearTimeout(timer);
  }

  return {
    start() {
      if (record.process !== undefined) adopt(record.process);
      else if (record.phase === 'CrashLoopBackOff') again(restartDelay(options.delays, record.failures));
      else if (record.phase !== 'Exited') launch();
    },
    async stop() {
      release();
      if (record.process !== undefined) await options.end(record.process);
      await endRest();
    },
    release,
    record: () => record,
  };
}

/** Node names the program and the system's code. */
function startFault(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return `no program ${error.path}, or no such working folder`;
  if (error.code === 'EACCES') return `${error.path} may not be executed`;
  return error.message;
}

function endOf(code: number | null, signal: NodeJS.Signals | null): End {
  if (signal !== null) return { signal, reason: `ended by ${signal}` };
  if (code === null) return { reason: 'ended' };
  return { exitCode: code, reason: `ended with exit code ${code}` };
}
