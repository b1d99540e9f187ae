// `doctor`: what this machine has and lacks for a local mesh.
import type { Command } from 'commander';
import { SallyportError } from '../../platform/errors.ts';
import type { Cli } from '../cli.ts';

export function register(command: Command, cli: Cli): void {
  command.action(() => doctor(cli));
}

async function doctor(_cli: Cli): Promise<void> {
  throw new SallyportError('SP_NOT_BUILT', 'doctor is not built yet');
}
