// What can be asked of what flowed without holding up the thread that serves proxies: the name of each job, what it is asked
// and what it answers, all of it plain data. A new job is a row here and a function in jobs.ts.
import type { KubeObject } from '../api/object.ts';
import type { MendAnswer } from '../check/mend.ts';
import type { ProxyIdentity } from '../discovery/view.ts';
import type { Change } from '../dry-run/change.ts';
import type { DryRun } from '../dry-run/dry-run.ts';
import type { TestRun } from '../policy-test/result.ts';
import type { SeenFlow, SeenQuery } from '../telemetry/seen-flow.ts';
import type { RunningPod } from '../upkeep/uncovered-workloads.ts';
import type { Upkeep } from '../upkeep/upkeep.ts';
import type { Attempt } from '../verdict/attempt.ts';
import type { AskedWorld } from './asked-world.ts';

export interface Jobs {
  readonly seen: { readonly ask: SeenQuery; readonly answer: readonly SeenFlow[] };
  readonly 'dry-run': { readonly ask: DryRunAsk; readonly answer: DryRun };
  readonly upkeep: { readonly ask: UpkeepAsk; readonly answer: Upkeep };
  readonly 'policy-tests': { readonly ask: PolicyTestsAsk; readonly answer: TestRun };
  readonly mend: { readonly ask: MendAsk; readonly answer: MendAnswer };
}

export interface DryRunAsk {
  readonly world: AskedWorld;
  readonly change: Change;
  readonly seen: SeenQuery;
}

export interface UpkeepAsk {
  readonly world: AskedWorld;
  readonly pods: readonly RunningPod[];
  /** Milliseconds since 1970. */
  readonly unusedSince: number;
  readonly namespace?: string;
}

export interface PolicyTestsAsk {
  readonly world: AskedWorld;
  /** That the mesh has. */
  readonly stored: readonly KubeObject[];
  /** In place of what the mesh has under their names. */
  readonly given: readonly KubeObject[];
  /** Of the tests. */
  readonly namespace?: string;
}

/** What would let it out? */
export interface MendAsk {
  readonly world: AskedWorld;
  readonly caller: ProxyIdentity;
  readonly attempt: Attempt;
}

export type JobName = keyof Jobs;

/** The files that jobs read, while this process writes them. */
export interface JobFiles {
  /** The ledger's. */
  readonly traffic: string;
}

export interface WorkerData {
  readonly files: JobFiles;
  /** Where compiled code is kept; undefined: nowhere. */
  readonly compileCache: string | undefined;
}

export interface JobMessage<Name extends JobName = JobName> {
  readonly name: Name;
  readonly ask: Jobs[Name]['ask'];
}

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
