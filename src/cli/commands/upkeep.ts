// `upkeep`: what wants tidying up: hosts that nobody uses, entries that count nowhere, workloads without a proxy, traffic that goes
// around the gateway which was meant for it. Each with what to do.
import type { Command } from 'commander';
import { parseDuration } from '../../server/duration.ts';
import { captureNote } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { paintTraffic } from '../output/colours.ts';
import { formatStructured } from '../output/structured.ts';
import { formatUpkeep } from '../output/upkeep-table.ts';
import { addExamples, chosenOutput, usageError } from '../usage.ts';

export function register(command: Command, cli: Cli): void {
  command
    .option('--unused <duration>', 'hosts that nobody called for so long; flows are kept for 31 days', '30d')
    .action((options: { readonly unused: string }) => upkeep(cli, options));
  command.addHelpText('after', '\nOf all namespaces, unless -n names one.');
  addExamples(command, cli, ['upkeep', 'upkeep --unused 7d -n shop', 'upkeep -o json']);
}

async function upkeep(cli: Cli, { unused }: { readonly unused: string }): Promise<void> {
  const output = chosenOutput(cli, ['table', 'json', 'yaml']);
  const { namespace, namespaceGiven } = cli.options();
  if (parseDuration(unused) === undefined) {
    throw usageError(`'${unused}' is no duration`, 'write for example --unused 7d');
  }
  const body = await cli.api().upkeep({ unused, ...(namespaceGiven ? { namespace } : {}) });
  if (output !== 'table') cli.write(await formatStructured(output, body));
  else for (const line of formatUpkeep(body, cli.name, Date.now(), paintTraffic)) cli.print(line);
  await captureNote(cli);
}
