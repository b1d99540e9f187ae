// `patch`: a JSON merge patch (RFC 7396) of one object, written as JSON or YAML.
import type { Command } from 'commander';
import { groupOf } from '../../server/kind-names.ts';
import { captureNoteFor } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { diagnosticLines, warningsOf } from '../error-lines.ts';
import { singleTarget } from '../object-targets.ts';
import { addExamples, usageError } from '../usage.ts';

interface PatchOptions {
  readonly patch: string;
  readonly type: string;
}

export function register(command: Command, cli: Cli): void {
  command
    .argument('<kind>', 'KIND or KIND/NAME')
    .argument('[name]')
    .requiredOption('-p, --patch <patch>', 'the fields to change, as JSON or YAML; null removes one')
    .option('--type <type>', 'merge is the only type', 'merge')
    .action((kind: string, name: string | undefined, options: PatchOptions) =>
      patch(cli, name === undefined ? [kind] : [kind, name], options),
    );
  addExamples(command, cli, [
    `patch istio mesh -n istio-system --type merge -p '{"spec":{"outboundTrafficPolicy":{"mode":"REGISTRY_ONLY"}}}'`,
  ]);
}

async function patch(cli: Cli, words: readonly string[], options: PatchOptions): Promise<void> {
  if (options.type !== 'merge') throw usageError(`no patch type '${options.type}'`, 'merge is the only type');
  const { kind, name } = singleTarget(words);
  const value = await parsePatch(options.patch);
  const { printedName, outcome, diagnostics } = await cli.api().patch(kind, cli.options().namespace, name, value);
  cli.print(`${printedName} patched${outcome === 'unchanged' ? ' (no change)' : ''}`);
  for (const line of diagnosticLines(warningsOf(diagnostics))) cli.warn(line);
  await captureNoteFor(cli, [{ group: groupOf(printedName) }]);
}

async function parsePatch(text: string): Promise<unknown> {
  const { parseDocument } = await import('yaml'); // YAML is a superset of JSON
  const document = parseDocument(text, { schema: 'core' });
  const [mistake] = document.errors;
  if (mistake !== undefined) throw usageError(`the patch is neither JSON nor YAML: ${mistake.message.split('\n')[0]}`);
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw usageError('a patch is an object', `for example '{"spec":{"resolution":"DNS"}}'`);
  }
  return value;
}
