// The processes of a running workload, found from the one that was spawned: launcher → first process of the workload's
// namespaces → the program. Nothing is remembered, so it holds for workloads of an earlier keeper too.
import { readFileSync } from 'node:fs';
import { systemCode } from '../../platform/errors.ts';

/** The first process inside the workload's namespaces; undefined while or when it does not run. */
export function firstPid(launcherPid: number): number | undefined {
  return childrenOf(launcherPid)[0];
}

/** The program's own pid on the host, by its launcher's; undefined while or when it does not run. */
export function programPid(launcherPid: number): number | undefined {
  const first = firstPid(launcherPid);
  return first === undefined ? undefined : childrenOf(first)[0];
}

/** Sends a signal to the program itself. False if it does not run. */
export function signalProgram(launcherPid: number, signal: NodeJS.Signals): boolean {
  const pid = programPid(launcherPid);
  if (pid === undefined) return false;
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
    throw error;
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return [];
    throw error;
  }
}
