// What can be asked of what flowed without holding up the thread that serves proxies: the name of each job, what it is asked
// and what it answers, all of it plain data. A new job is a row here and a function in jobs.ts.
import type { SeenFlow, SeenQuery } from '../telemetry/seen-flow.ts';

export interface Jobs {
  readonly seen: { readonly ask: SeenQuery; readonly answer: readonly SeenFlow[] };
}

export type JobName = keyof Jobs;

/** The files that jobs read, while this process writes them. */
export interface JobFiles {
  /** The ledger's. */
  readonly traffic: string;
}

export type JobMessage<Name extends JobName = JobName> = {
  readonly [One in Name]: { readonly name: One; readonly ask: Jobs[One]['ask'] };
}[Name];

export type JobReply<Name extends JobName = JobName> =
  | { readonly answer: Jobs[Name]['answer'] }
  | { readonly error: JobError };

/** What is left of an error on its way to the other thread. */
export interface JobError {
  /** Of a SallyportError; anything else is a bug. */
  readonly code?: string;
  readonly message: string;
  readonly hint?: string;
  readonly stack?: string;
}
