// `uninstall -a`: without a cluster the same as `down`.
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { addExamples, usageError } from '../usage.ts';
import { takeDown } from './down.ts';

export function register(command: Command, cli: Cli): void {
  command
    .option('-a, --uninstall-everything', 'the mesh of this machine, with its demo and all that it changed')
    .action((options: { readonly uninstallEverything?: boolean }) => {
      if (options.uninstallEverything === true) return takeDown(cli);
      throw usageError('uninstalling from a cluster is not built yet', `on this machine: ${cli.name} uninstall -a`);
    });
  addExamples(command, cli, ['uninstall -a']);
}
