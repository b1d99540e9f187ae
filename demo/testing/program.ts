// Starts a program of the demo as a pod does: a process with an environment of its own, on loopback and free ports.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Scope } from '../../test/support/envoy-process.ts';
import { createJournal, type Journal } from '../../test/support/journal.ts';

export interface Program {
  /** What it said, without the time. */
  readonly lines: Journal<string>;
  readonly process: ChildProcess;
  /** Resolves when it has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

const demoFolder = join(import.meta.dirname, '..');

/** `file` below the demo's folder. Ended with the test, if it is there by then. */
export function startProgram(
  t: Scope,
  file: string,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Program {
  const lines = createJournal<string>(file);
  const child = spawn(process.execPath, [join(demoFolder, file), ...args], {
    env: { PATH: process.env['PATH'], HOST: '127.0.0.1', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  createInterface(child.stdout).on('line', (line) => lines.push(line.replace(/^\S+ /, '')));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { lines, process: child, ended };
}

/** The same, and waits until it listens. */
export async function startListening(t: Scope, file: string, env: Readonly<Record<string, string>>): Promise<Program> {
  const program = startProgram(t, file, env);
  await program.lines.find((line) => / listens on |error:/.test(line));
  return program;
}
