// What each job does, in the worker's thread. Files are opened for each job anew: they may have been moved aside since.
import { mend } from '../check/mend.ts';
import { changedObjects } from '../dry-run/change.ts';
import { replay } from '../dry-run/replay.ts';
import { reportOf } from '../dry-run/report.ts';
import { asRunning } from '../policy-test/as-running.ts';
import { runTests } from '../policy-test/run-tests.ts';
import { testsAmong } from '../policy-test/tests-among.ts';
import { openSeenReader } from '../telemetry/ledger/seen-query.ts';
import { recordedSince, type SeenFlow, type SeenQuery } from '../telemetry/seen-flow.ts';
import { lookThrough } from '../upkeep/look-through.ts';
import { worldOf, worldsOf } from './asked-world.ts';
import type { JobFiles, JobName, Jobs } from './job.ts';
import { unpackObjects } from './packed-objects.ts';

function readSeen(ask: SeenQuery, { traffic }: JobFiles): readonly SeenFlow[] {
  const reader = openSeenReader(traffic);
  try {
    return reader.seen(ask);
  } finally {
    reader.close();
  }
}

export type JobTable = {
  readonly [Name in JobName]: (ask: Jobs[Name]['ask'], files: JobFiles) => Jobs[Name]['answer'];
};

export const jobs: JobTable = {
  seen: readSeen,
  'dry-run'({ world, change, seen }, files) {
    const now = Date.now();
    const objects = unpackObjects(world.objects);
    const present = worldOf(objects, world);
    const changed = worldOf(changedObjects(objects, change, new Date(now)), world);
    const flows = readSeen(seen, files);
    const since = Math.max(seen.since, recordedSince(flows) ?? now);
    return reportOf(replay(flows, present, changed), since);
  },
  upkeep({ world, ...asked }, files) {
    const present = worldOf(unpackObjects(world.objects), world);
    const namespaces = new Set(present.proxies.map(({ namespace }) => namespace));
    return lookThrough({ ...asked, world: present, namespaces, seen: readSeen({ since: 0 }, files), now: Date.now() });
  },
  'policy-tests'({ world, stored, given, namespace }) {
    const present = [...unpackObjects(world.objects), ...stored];
    const changed = changedObjects(present, { apply: given, remove: [] }, new Date());
    const tests = testsAmong(changed);
    const asked = tests.filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace);
    return runTests(asked, worldOf(asRunning(changed, given), world), tests);
  },
  mend({ world, caller, attempt }) {
    const objects = unpackObjects(world.objects);
    return mend({ worlds: worldsOf(objects, world), objects, caller, attempt });
  },
};
