// How to run a command inside a running workload: its namespaces, user, environment and working folder, and as little
// privilege as its program has. Exit code and signals pass through nsenter.
import { requireTool } from '../network/command.ts';
import type { ExecPlan, PodSpec } from '../protocol.ts';
import { withoutPrivileges } from './privileges.ts';
import { firstPid, programPid } from './program.ts';

const inFolder = 'cd "$1" && shift && exec "$@"';

/**
 * How to run `command` inside a running workload. `launcherPid` is the process that was spawned for it.
 * Undefined if the workload is not running (any more).
 */
export function execPlan(
  launcherPid: number,
  spec: Pick<PodSpec, 'env' | 'cwd' | 'user'>,
  command: readonly string[],
): ExecPlan | undefined {
  const first = firstPid(launcherPid);
  // Before the program runs the mounts are not yet as they should be.
  if (first === undefined || programPid(launcherPid) === undefined) return undefined;
  const argv = [
    requireTool('nsenter'),
    ...['--target', String(first), '--net', '--mount', '--uts', '--pid', '--'],
    ...withoutPrivileges(spec.user),
    ...['/bin/sh', '-c', inFolder, 'sh', spec.cwd, ...command],
  ];
  return { argv, env: spec.env };
}
