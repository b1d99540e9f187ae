// Runs test files with Node's runner and closes with a plain line `N passed, N failed, N skipped`. Every skipped test is
// named with its reason; with CI=true a skip is a failure. Arguments: glob patterns; `--concurrency N`; `--isolated` runs
// all of it in a network namespace of its own where this user may make one, so that no test touches the machine's network.

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { delimiter } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';
import { prepareTools } from './support/prepare-tools.ts';
import { machineHas } from './support/requires.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { concurrency: { type: 'string' }, isolated: { type: 'boolean' } },
});
process.env['PATH'] = withSystemFolders(process.env['PATH'] ?? '');
const env = { ...process.env, ...(await prepareTools(positionals)) };
const canIsolate = machineHas('root', 'iproute2');
if (values.isolated === true && canIsolate && process.env['SALLYPORT_TEST_ISOLATED'] === undefined) {
  const inside = [
    '--net',
    '--',
    'sh',
    '-c',
    'ip link set lo up; exec "$0" "$@"',
    process.execPath,
    ...process.argv.slice(1),
  ];
  const { status } = spawnSync('unshare', inside, { stdio: 'inherit', env: { ...env, SALLYPORT_TEST_ISOLATED: '1' } });
  process.exit(status ?? 1);
}
Object.assign(process.env, env);
// Without a network a test that asks a registry cannot run: those are named `*.online.test.ts` and run apart.
const files = positionals
  .flatMap((pattern) => globSync(pattern))
  .filter((file) => values.isolated !== true || !file.endsWith('.online.test.ts'))
  .sort();
const counts = { passed: 0, failed: 0, skipped: 0 };
const skipped: string[] = [];

/** Tests start the system's own programs (sh, sleep), also where PATH was narrowed to Node and Python. */
function withSystemFolders(path: string): string {
  const folders = path.split(delimiter).filter((folder) => folder !== '');
  const system = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];
  return [...folders, ...system.filter((folder) => !folders.includes(folder))].join(delimiter);
}

if (files.length === 0) {
  console.error(`no test file matches ${positionals.join(' ')}`);
  process.exit(1);
}

/** A file that hangs is a failure, not a stop of everything. */
const longestFileMs = 300_000;

const stream = run({ files, concurrency: Number(values.concurrency ?? 2), timeout: longestFileMs });
stream.on('test:pass', ({ name, skip, details }) => {
  // A suite counts by its tests; of one that is skipped whole nothing else is told.
  if (skip === undefined) counts.passed += details.type === 'suite' ? 0 : 1;
  else {
    counts.skipped += 1;
    skipped.push(`${name}: ${skip === true ? 'skipped' : skip}`);
  }
});
stream.on('test:fail', ({ details }) => {
  if (details.type !== 'suite') counts.failed += 1;
});
stream.compose(spec).pipe(process.stdout);
stream.on('end', () => {
  setImmediate(() => {
    for (const line of skipped) console.log(`skipped: ${line}`);
    const { passed, failed } = counts;
    console.log(`${passed} passed, ${failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`);
    const skippedOnCi = process.env['CI'] === 'true' && counts.skipped > 0;
    process.exitCode = failed > 0 || passed === 0 || skippedOnCi ? 1 : 0;
  });
});
