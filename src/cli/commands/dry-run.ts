// `dry-run`: what a change would do to the traffic on record, before it is made: what would break, what would open, what would go
// another way, each with the object that decides. Changes nothing.
import type { Command } from 'commander';
import { decodeManifestBytes } from '../../api/decode.ts';
import { hasErrors } from '../../platform/diagnostic.ts';
import { SallyportError } from '../../platform/errors.ts';
import { parseDuration } from '../../server/duration.ts';
import type { DryRunAskBody, DryRunBody } from '../../server/wire.ts';
import { captureNote } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { diagnosticLines } from '../error-lines.ts';
import { addFileOptions, type FileOptions } from '../file-options.ts';
import { readManifestFiles } from '../manifest-files.ts';
import { paintTraffic } from '../output/colours.ts';
import { formatDryRun } from '../output/dry-run-table.ts';
import { formatStructured } from '../output/structured.ts';
import { addExamples, chosenOutput, usageError } from '../usage.ts';

interface DryRunOptions extends FileOptions {
  readonly delete?: boolean;
  readonly since?: string;
  readonly exitCode?: boolean;
}

export function register(command: Command, cli: Cli): void {
  command.argument('[policy]', 'restricted or allowed: of the whole mesh');
  addFileOptions(command)
    .option('--delete', 'as if the objects of the files were deleted')
    .option('--since <duration>', 'of the flows of so long: 1h, 7d; all that are kept (31 days) if absent')
    .option('--exit-code', 'end with 1 if something would break')
    .action((policy: string | undefined, options: DryRunOptions) => dryRun(cli, policy, options));
  command.addHelpText('after', '\nOf callers in all namespaces, unless -n names one. Nothing is changed.');
  addExamples(command, cli, [
    'dry-run restricted',
    'dry-run -f policies/ --since 7d',
    'dry-run --delete -f httpbin.yaml --exit-code',
    'dry-run restricted -o json',
  ]);
}

async function dryRun(cli: Cli, policy: string | undefined, options: DryRunOptions): Promise<void> {
  const output = chosenOutput(cli, ['table', 'wide', 'json', 'yaml']);
  const asked = await changeOf(cli, policy, options);
  const { namespace, namespaceGiven } = cli.options();
  const { since } = options;
  if (since !== undefined && parseDuration(since) === undefined) {
    throw usageError(`'${since}' is no duration`, 'write for example --since 1h or 7d');
  }
  // Nothing that was written could be read; that has been said.
  if (asked.change === undefined) {
    process.exitCode = 1;
    return;
  }
  const body = await cli.api().dryRun({
    ...asked.change,
    ...(since === undefined ? {} : { since }),
    ...(namespaceGiven ? { namespace } : {}),
  });
  for (const line of diagnosticLines(body.diagnostics)) cli.warn(line);
  if (output === 'json' || output === 'yaml') cli.write(await formatStructured(output, body));
  else print(cli, body, policy, output === 'wide');
  await captureNote(cli);
  const breaks = body.summary.breaks.workloads + body.summary['may-break'].workloads > 0;
  if (!asked.isWhole || hasErrors(body.diagnostics) || (options.exitCode === true && breaks)) process.exitCode = 1;
}

const policies = ['allowed', 'restricted'] as const;

interface AskedChange {
  /** Undefined: none of the objects could be read, and nothing else is asked for. */
  readonly change: DryRunAskBody | undefined;
  /** Every object of the files could be read. */
  readonly isWhole: boolean;
}

async function changeOf(cli: Cli, word: string | undefined, options: DryRunOptions): Promise<AskedChange> {
  const { filename = [], recursive = false, delete: removing = false } = options;
  const policy = policies.find((one) => one === word);
  if (word !== policy) throw usageError(`'${word}' is no policy`, 'write restricted or allowed, or name files with -f');
  if (policy === undefined && filename.length === 0) {
    throw usageError('nothing is to be changed', `write ${cli.name} dry-run restricted, or name files with -f`);
  }
  if (removing && filename.length === 0) throw usageError('--delete names no objects', 'name files with -f');
  const files = filename.length === 0 ? [] : await readManifestFiles(filename, recursive, cli.signal);
  const decoded = files.map(({ name, bytes }) => decodeManifestBytes(bytes, name, cli.options().namespace));
  const diagnostics = decoded.flatMap((one) => one.diagnostics);
  const objects = decoded.flatMap((one) => one.objects.map(({ object }) => object));
  if (filename.length > 0 && objects.length === 0 && diagnostics.length === 0) {
    throw new SallyportError('SP_NO_OBJECTS', `no objects in ${filename.join(', ')}`);
  }
  for (const line of diagnosticLines(diagnostics)) cli.warn(line);
  if (policy === undefined && objects.length === 0) return { change: undefined, isWhole: false };
  const change = {
    ...(policy === undefined ? {} : { policy }),
    ...(objects.length === 0 ? {} : { objects: [...objects] }),
    ...(removing ? { delete: true } : {}),
  } as const;
  return { change, isWhole: !hasErrors(diagnostics) };
}

function print(cli: Cli, body: DryRunBody, policy: string | undefined, wide: boolean): void {
  for (const line of formatDryRun({ body, wide, now: Date.now(), paint: paintTraffic })) cli.print(line);
  const { breaks } = body.summary;
  if (policy === 'restricted' && breaks.hosts > 0) {
    cli.print('');
    cli.print(`What would let it go on: ${cli.name} suggest`);
  }
}
