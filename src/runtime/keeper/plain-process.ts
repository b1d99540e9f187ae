// A program as a plain process of this user: its spec's environment and folder, and the mark by which it is found.
import type { ExecPlan, PodSpec } from '../protocol.ts';
import type { Command } from './capture.ts';
import { isRunning, type ProcessId } from './process-id.ts';

type Mark = Readonly<Record<string, string>>;

export function plainCommand({ command: [program = '', ...args], env, cwd }: PodSpec, mark: Mark): Command {
  return { argv: [program, ...args], env: { ...env, ...mark }, cwd };
}

/** A command beside the program, marked as the pod's: it ends with it. Undefined if the program does not run. */
export function plainExecPlan(program: ProcessId, { env, cwd }: PodSpec, mark: Mark): ExecPlan | undefined {
  return isRunning(program) ? { argv: [], env: { ...env, ...mark }, cwd } : undefined;
}
