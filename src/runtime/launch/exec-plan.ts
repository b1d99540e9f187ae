// How to run a command inside a running workload: its namespaces, user, environment and working folder, and as little
// privilege as its program has. No shell stands between: the environment arrives whole.
import { requireTool } from '../network/command.ts';
import type { ExecPlan, PodSpec } from '../protocol.ts';
import { withoutPrivileges } from './privileges.ts';
import { firstPid, programPid } from './program.ts';

/**
 * `launcherPid` is the process that was spawned for the workload. The command's words are to be put behind `argv`.
 * Undefined if the workload is not running (any more). The process spawned passes on SIGTERM, SIGHUP and SIGINT, and
 * ends with the command's exit code or signal. When its parent dies, the command gets SIGTERM.
 */
export function execPlan(launcherPid: number, spec: Pick<PodSpec, 'env' | 'cwd' | 'user'>): ExecPlan | undefined {
  const first = firstPid(launcherPid);
  if (first === undefined || programPid(launcherPid) === undefined) return undefined;
  const argv = [
    requireTool('nsenter'),
    ...['--target', String(first), '--net', '--mount', '--uts', '--pid', '--no-fork', '--'],
    ...withoutPrivileges(spec.user, 'TERM'),
    // Without a time limit `timeout` is a parent that passes signals on; it alone is not in the process namespace.
    ...[requireTool('timeout'), '--foreground', '0'],
    ...[requireTool('env'), `--chdir=${spec.cwd}`, '--'],
  ];
  return { argv, env: spec.env };
}
