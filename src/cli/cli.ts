// What a command gets from the program around it: streams, options that every command has, the mesh's API, and a
// signal that ends everything at Ctrl-C. Commands use nothing of `process` beside `process.exitCode`.
import type { Command } from 'commander';
import type { DataFolder } from '../platform/data-folder.ts';
import type { ApiClient } from './api-client.ts';

export interface GlobalOptions {
  /** `default` if not given. */
  readonly namespace: string;
  readonly namespaceGiven: boolean;
  /** Value of `-o`, unchecked. */
  readonly output?: string;
}

export interface Cli {
  /** The name it was called by: `sallyport`, `smm` or `backyards`. */
  readonly name: string;
  /** Aborted at the first Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once. */
  readonly signal: AbortSignal;
  /** From now on signals are the command's own business, and `signal` never aborts. */
  takeSignals(): void;
  /** As parsed; call from an action, not before. */
  options(): GlobalOptions;
  dataFolder(): DataFolder;
  /** Of the mesh in the data folder. Calls end at Ctrl-C, or when another signal given here aborts. */
  api(signal?: AbortSignal): ApiClient;
  /** Text to standard output as it is, for instance with its newline. */
  write(text: string): void;
  /** Bytes to standard output; resolves when it has room for more. */
  writeBytes(bytes: Uint8Array): Promise<void>;
  /** One line to standard output. */
  print(line: string): void;
  /** One line to standard error. */
  warn(line: string): void;
  /** What takes long right now, as a line on standard error; nothing where nobody watches a terminal. */
  progress(line: string): void;
}

/** A module under commands/. `register` gives arguments, options and the action to a command that has its name. */
export interface CommandModule {
  register(command: Command, cli: Cli): void;
}

export interface CommandEntry {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  /** A process that runs behind, not for people: it is not listed, and logs by itself what goes wrong. */
  readonly background?: boolean;
  /** Imported only when this command is called. */
  load(): Promise<CommandModule>;
}
