// The worker's program: does one job after the other until it is ended.
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf, SallyportError } from '../platform/errors.ts';
import type { JobError, JobFiles, JobMessage, JobName, JobReply } from './job.ts';
import { jobs } from './jobs.ts';

const files: JobFiles = workerData;

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
