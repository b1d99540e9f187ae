// Answers questions about all that was recorded beside the thread that serves proxies, which only waits: a worker opens the
// control plane's files for reading. It is there while there is something to do, and a while after, for at rest it would cost
// the memory of a second program. Invariant: jobs run one after the other, and each is settled once.
import { getCompileCacheDir } from 'node:module';
import { Worker } from 'node:worker_threads';
import { SallyportError } from '../platform/errors.ts';
import type { JobError, JobFiles, JobMessage, JobName, JobReply, Jobs, WorkerData } from './job.ts';

export interface Foresight {
  /**
   * Rejects with the signal's reason, with the job's own SallyportError, and with `SP_BUSY` where too many wait. A job that
   * is aborted while it runs ends at once.
   */
  run<Name extends JobName>(message: JobMessage<Name>, signal?: AbortSignal): Promise<Jobs[Name]['answer']>;
  /** Jobs that wait or run are rejected. */
  close(): Promise<void>;
}

export interface ForesightOptions {
  readonly files: JobFiles;
  /** How long the worker waits for another job; 10 s if absent. */
  readonly idleMs?: number;
  /** Told when a worker began or has ended. */
  readonly onWorker?: (state: 'began' | 'ended') => void;
}

interface Task {
  readonly message: JobMessage;
  settle(reply: JobReply): void;
  reject(error: unknown): void;
}

/** A person waits for each of them. */
const mostTasks = 16;
/** Above it the job fails, and not the process. */
const heapMegabytes = 1024;

export function createForesight({ files, idleMs = 10_000, onWorker }: ForesightOptions): Foresight {
  /** The first one runs. */
  const tasks: Task[] = [];
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let ending: Promise<unknown> = Promise.resolve();
  let closed = false;

  function begin(): void {
    clearTimeout(idle);
    const [task] = tasks;
    if (task === undefined) {
      worker?.unref();
      idle = setTimeout(end, idleMs).unref();
      return;
    }
    worker ??= startWorker();
    worker.ref();
    worker.postMessage(task.message);
  }

  function startWorker(): Worker {
    const started = new Worker(new URL('worker.ts', import.meta.url), {
      workerData: { files, compileCache: getCompileCacheDir() } satisfies WorkerData,
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
    });
    started.on('message', (reply: JobReply) => {
      if (started !== worker) return;
      tasks.shift()?.settle(reply);
      begin();
    });
    started.on('error', (error) => {
      if (started !== worker) return;
      worker = undefined;
      tasks.shift()?.reject(error);
      begin();
    });
    started.on('exit', () => onWorker?.('ended'));
    onWorker?.('began');
    return started;
  }

  function end(): void {
    clearTimeout(idle);
    const ended = worker;
    worker = undefined;
    if (ended !== undefined) ending = Promise.all([ending, ended.terminate()]);
  }

  function drop(task: Task): void {
    const place = tasks.indexOf(task);
    if (place === -1) return;
    tasks.splice(place, 1);
    if (place > 0) return;
    end();
    begin();
  }

  return {
    run<Name extends JobName>(message: JobMessage<Name>, signal?: AbortSignal) {
      if (closed) return Promise.reject(new SallyportError('SP_CLOSED', 'the control plane is ending'));
      if (signal?.aborted === true) return Promise.reject(signal.reason);
      if (tasks.length >= mostTasks) return Promise.reject(busy());
      const { promise, resolve, reject } = Promise.withResolvers<Jobs[Name]['answer']>();
      const abort = () => {
        drop(task);
        reject(signal?.reason);
      };
      const task: Task = {
        message,
        settle(reply: JobReply<Name>) {
          signal?.removeEventListener('abort', abort);
          if ('error' in reply) reject(errorOf(reply.error));
          else resolve(reply.answer);
        },
        reject(error) {
          signal?.removeEventListener('abort', abort);
          reject(error);
        },
      };
      signal?.addEventListener('abort', abort);
      tasks.push(task);
      if (tasks.length === 1) begin();
      return promise;
    },
    async close() {
      closed = true;
      const left = tasks.splice(0);
      end();
      for (const task of left) task.reject(new SallyportError('SP_CLOSED', 'the control plane is ending'));
      await ending;
    },
  };
}

function busy(): SallyportError {
  const message = `${mostTasks} questions about what flowed wait for their answer`;
  return new SallyportError('SP_BUSY', message, { hint: 'ask again in a while' });
}

function errorOf({ code, message, hint, stack }: JobError): Error {
  if (code !== undefined) return new SallyportError(code, message, hint === undefined ? {} : { hint });
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
