// A pod's processes where no namespace holds them: each starts with a variable that names its pod, which its children
// inherit however they detach themselves. A child that clears its environment is found as long as its parent, or the
// process that began its session, is found; one that does all of it has escaped. Other users' processes are not ours.
import { readdirSync, readFileSync } from 'node:fs';
import { type ProcessStat, statProcess } from './process-id.ts';

/** Whose side of a pod a process is on. */
export type PodPart = 'app' | 'proxy';

/** The variable. A process of ours that starts a mesh inside a pod must not hand it on. */
export const markName = 'SALLYPORT_POD';

export function podMark(meshId: string, index: number, part: PodPart): Readonly<Record<string, string>> {
  return { [markName]: `${meshId}/${index}/${part}` };
}

/** The running processes of a mesh, or of one of its pods, or of one part of it; never this process. */
export function markedPids(meshId: string, index?: number, part?: PodPart): readonly number[] {
  const mark = `${markName}=${meshId}/${index === undefined ? '' : `${index}/${part ?? ''}`}`;
  const found = new Set<number>();
  let rest: ProcessStat[] = [];
  for (const pid of otherPids()) {
    const environment = readEnvironment(pid);
    const stat = environment === undefined ? undefined : statProcess(pid);
    if (environment === undefined || stat === undefined) continue;
    if (environment.startsWith(mark) || environment.includes(`\0${mark}`)) found.add(pid);
    else if (!environment.includes(`${markName}=`)) rest.push(stat);
  }
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    rest = rest.filter(({ pid, parent, session }) => {
      const belongs = found.has(parent) || found.has(session);
      if (belongs) found.add(pid);
      return !belongs;
    });
  }
  return [...found];
}

function otherPids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

/** Undefined for a process that has ended, or that this user may not look into. */
function readEnvironment(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return undefined;
  }
}
