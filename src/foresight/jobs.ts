// What each job does, in the worker's thread. Files are opened for each job anew: they may have been moved aside since.
import { openSeenReader } from '../telemetry/ledger/seen-query.ts';
import type { JobFiles, JobName, Jobs } from './job.ts';

export type JobTable = {
  readonly [Name in JobName]: (ask: Jobs[Name]['ask'], files: JobFiles) => Jobs[Name]['answer'];
};

export const jobs: JobTable = {
  seen(ask, { traffic }) {
    const reader = openSeenReader(traffic);
    try {
      return reader.seen(ask);
    } finally {
      reader.close();
    }
  },
};
