// Wrong usage and help texts, the same for every command.
import type { Command } from 'commander';
import { SallyportError } from '../platform/errors.ts';
import type { Cli } from './cli.ts';

/** Ends the command with exit code 2. */
export function usageError(message: string, hint?: string): SallyportError {
  return new SallyportError('SP_USAGE', message, { exitCode: 2, ...(hint === undefined ? {} : { hint }) });
}

/** Adds examples to the help; each line is what follows the program's name. */
export function addExamples(command: Command, cli: Cli, lines: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  ${cli.name} ${line}\n`).join('')}`);
}

/** Parser of an option that may be given several times. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** The `-o` given, if it is one of `allowed`; the first of them if none was given. */
export function chosenOutput<T extends string>(cli: Cli, allowed: readonly [T, ...T[]]): T {
  const { output } = cli.options();
  if (output === undefined) return allowed[0];
  const chosen = allowed.find((one) => one === output);
  if (chosen === undefined) throw usageError(`no output form '${output}' here`, `one of ${allowed.join(', ')}`);
  return chosen;
}
