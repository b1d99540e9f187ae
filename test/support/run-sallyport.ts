// Runs the program as people run it: `bin/sallyport.cjs` in a process of its own.
import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { DataFolder } from '../../src/platform/data-folder.ts';

export const programFile = fileURLToPath(new URL('../../bin/sallyport.cjs', import.meta.url));

export interface RunResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts it on the mesh of a data folder; no colours, standard input closed unless written to. */
export function startSallyport(folder: DataFolder, args: readonly string[], program = programFile): ChildProcess {
  const env = { ...process.env, SALLYPORT_DATA: folder.path, NO_COLOR: '1' };
  return spawn(process.execPath, [program, ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] });
}

export async function runSallyport(folder: DataFolder, args: readonly string[], input = ''): Promise<RunResult> {
  return finished(startSallyport(folder, args), input);
}

/** What a started process wrote and how it ended. */
export async function finished(child: ChildProcess, input = ''): Promise<RunResult> {
  child.stdin?.end(input);
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([
    child.stdout === null ? '' : text(child.stdout),
    child.stderr === null ? '' : text(child.stderr),
    closed,
  ]);
  return { code, stdout, stderr };
}
