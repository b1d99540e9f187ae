// A command of launch/ as a running process, its output collected. Ended with the test.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command } from '../app-command.ts';

export interface Scope {
  after(cleanup: () => void | Promise<void>): void;
}

export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  output(): string;
  /** The exit code, or 128 + signal number, once all output has been read. */
  readonly exit: Promise<number>;
}

/** `extra` are words put behind the command's own. */
export function start(
  { argv: [program = '', ...args], env }: Pick<Command, 'env'> & { readonly argv: readonly string[] },
  scope: Scope,
  extra: readonly string[] = [],
): Started {
  const child = spawn(program, [...args, ...extra], { cwd: '/', env: { ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const exit = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
  scope.after(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  return { child, pid: child.pid ?? 0, output: () => output, exit };
}
