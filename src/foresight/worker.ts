// The worker's program: does one job after the other until it is ended.
import { enableCompileCache, flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, SallyportError } from '../platform/errors.ts';
import type { JobError, JobMessage, JobName, JobReply, WorkerData } from './job.ts';

const { files, compileCache }: WorkerData = workerData;

// A thread does not take over the cache of the process; without it loading takes twice as long. It ends without warning, so
// what it compiled is written at once.
if (compileCache !== undefined) enableCompileCache(compileCache);
const { jobs } = await import('./jobs.ts');
if (compileCache !== undefined) flushCompileCache();

parentPort?.on('message', (message: JobMessage) => parentPort?.postMessage(replyTo(message)));

function replyTo<Name extends JobName>({ name, ask }: JobMessage<Name>): JobReply<Name> {
  try {
    return { answer: jobs[name](ask, files) };
  } catch (error) {
    return { error: jobError(error) };
  }
}

function jobError(error: unknown): JobError {
  const message = messageOf(error);
  if (!(error instanceof SallyportError)) {
    return { message, ...(error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {}) };
  }
  return { code: error.code, message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
}
