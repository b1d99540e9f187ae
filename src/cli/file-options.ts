// How commands are told which manifests to read, as in kubectl.
import type { Command } from 'commander';
import { collect } from './usage.ts';

export interface FileOptions {
  readonly filename?: readonly string[];
  readonly recursive?: boolean;
}

export function addFileOptions(command: Command): Command {
  return command
    .option('-f, --filename <file>', 'file, folder, or - for standard input; may be repeated', collect)
    .option('-R, --recursive', 'folders with those below');
}
