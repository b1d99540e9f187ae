// `npm run bench`: every benchmark, one after the other, so that none disturbs another. Each prints its own table with the
// goals of design. Those that run workloads want root and get a network namespace of their own.
import { spawnSync } from 'node:child_process';

const root = process.getuid?.() === 0;

function run(file: string, ...args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

function runIsolated(file: string): void {
  const inside = ['--net', '--', 'sh', '-c', 'ip link set lo up; exec "$0" "$@"', process.execPath, file];
  const { status } = spawnSync('unshare', inside, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

const file = (name: string) => new URL(name, import.meta.url).pathname;

run(file('push/control-plane-bench.ts'));
run(file('push/policy-bench.ts'));
run(file('analyze/analyze-bench.ts'));
run(file('ledger/commit-bench.ts'));
run(file('foresight/foresight-bench.ts'));
if (root) {
  runIsolated(file('apply/apply-bench.ts'));
  runIsolated(file('memory/memory-bench.ts'));
  runIsolated(file('path/path-bench.ts'));
  runIsolated(file('path/identity-bench.ts'));
} else console.log('apply, memory, path, identity: not measured, they want root');
