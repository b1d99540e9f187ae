// Runs the program as people run it: `bin/sallyport.cjs` in a process of its own.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DataFolder } from '../../src/platform/data-folder.ts';
import type { ServerDeps } from '../../src/server/deps.ts';
import { startControlPlane } from './control-plane.ts';

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

/** A control plane, and `run('get se', input)` to call the program on it. */
export async function startMeshForCli(t: TestContext, deps: Partial<Omit<ServerDeps, 'store'>> = {}) {
  const plane = await startControlPlane(t, deps);
  const run = (line: string, input?: string) => runSallyport(plane.folder, line.split(' '), input);
  return { ...plane, run };
}

/** Compares all three, and shows all three where one differs. */
export function assertResult(
  result: RunResult,
  code: number,
  stdout: string | RegExp,
  stderr: string | RegExp = '',
): void {
  const actual = JSON.stringify(result);
  if (typeof stdout === 'string') assert.equal(result.stdout, stdout, actual);
  else assert.match(result.stdout, stdout, actual);
  if (typeof stderr === 'string') assert.equal(result.stderr, stderr, actual);
  else assert.match(result.stderr, stderr, actual);
  assert.equal(result.code, code, actual);
}
