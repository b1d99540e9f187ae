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
  // While it still has privileges its children are those that set up the mounts.
  return first === undefined || !isConfined(first) ? undefined : childrenOf(first)[0];
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

function isConfined(pid: number): boolean {
  return /^CapBnd:\s*0+$/m.test(readProc(`/proc/${pid}/status`));
}

function childrenOf(pid: number): readonly number[] {
  return readProc(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

/** Empty for a process that has ended. */
function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return '';
    throw error;
  }
}
