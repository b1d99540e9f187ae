// stub
import type { ExecPlan, PodSpec } from '../protocol.ts';

/**
 * How to run `command` inside a running workload. `launcherPid` is the process that was spawned for it.
 * Undefined if the workload is not running (any more).
 */
export declare function execPlan(
  launcherPid: number,
  spec: Pick<PodSpec, 'env' | 'cwd' | 'user'>,
  command: readonly string[],
): ExecPlan | undefined;
