// `version`: of this program and of the mesh that runs, which may be older.
import type { Command } from 'commander';
import { SallyportError } from '../../platform/errors.ts';
import { packageVersion } from '../../platform/version.ts';
import type { Cli } from '../cli.ts';
import { formatStructured } from '../output/structured.ts';
import { addExamples, chosenOutput } from '../usage.ts';

interface VersionOptions {
  readonly client?: boolean;
  readonly short?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .option('--client', 'of this program only')
    .option('--short', 'numbers only')
    .action((options: VersionOptions) => version(cli, options));
  addExamples(command, cli, ['version', 'version --client --short', 'version -o json']);
}

async function version(cli: Cli, options: VersionOptions): Promise<void> {
  const output = chosenOutput(cli, ['table', 'json']);
  const client = packageVersion();
  const mesh = options.client ? undefined : await meshVersion(cli);
  if (output === 'json') {
    return cli.write(await formatStructured(output, { client, ...(mesh === undefined ? {} : { mesh }) }));
  }
  cli.print(options.short ? client : `client: ${client}`);
  if (options.client) return;
  cli.print(options.short ? (mesh ?? 'not up') : `mesh: ${mesh ?? 'not up'}`);
}

async function meshVersion(cli: Cli): Promise<string | undefined> {
  try {
    return (await cli.api().info()).version;
  } catch (error) {
    if (error instanceof SallyportError && error.code === 'SP_NOT_UP') return undefined;
    throw error;
  }
}
