// `analyze`: mistakes in files, without a mesh; or what the running mesh knows to be wrong. Exit code 1 on errors
// only, so that warnings do not break a pipeline.
import type { Command } from 'commander';
import { type Diagnostic, formatDiagnostic, hasErrors } from '../../platform/diagnostic.ts';
import type { Cli } from '../cli.ts';
import { addFileOptions, type FileOptions } from '../file-options.ts';
import { formatStructured } from '../output/structured.ts';
import { addExamples, chosenOutput } from '../usage.ts';

export function register(command: Command, cli: Cli): void {
  addFileOptions(command).action((options: FileOptions) => analyze(cli, options));
  addExamples(command, cli, ['analyze -f manifests/', 'analyze -f httpbin.yaml -o json', 'analyze']);
}

async function analyze(cli: Cli, options: FileOptions): Promise<void> {
  const output = chosenOutput(cli, ['table', 'json', 'yaml']);
  const diagnostics = options.filename === undefined ? await ofMesh(cli) : await ofFiles(cli, options);
  if (output === 'table') printText(cli, diagnostics);
  else cli.write(await formatStructured(output, { diagnostics }));
  if (hasErrors(diagnostics)) process.exitCode = 1;
}

async function ofMesh(cli: Cli): Promise<readonly Diagnostic[]> {
  return (await cli.api().diagnostics()).diagnostics;
}

async function ofFiles(cli: Cli, { filename = [], recursive = false }: FileOptions): Promise<readonly Diagnostic[]> {
  const [{ analyzeManifests }, { readManifestFiles }] = await Promise.all([
    import('../../analysis/analyze-manifests.ts'),
    import('../manifest-files.ts'),
  ]);
  const files = await readManifestFiles(filename, recursive, cli.signal);
  return analyzeManifests(files, cli.options().namespace);
}

function printText(cli: Cli, diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.length === 0) cli.print('no mistakes found');
  // At once: a write for each of thousands takes longer than finding them.
  cli.write(diagnostics.map((one) => `${one.severity} ${one.code} ${formatDiagnostic(one)}\n`).join(''));
}
