// `suggest`: what left unregistered, as objects that let just that leave when nothing else may. They are shown, printed for
// `apply`, or applied after their diff was seen.
import type { Command } from 'commander';
import type { KubeObject } from '../../api/object.ts';
import { hasErrors } from '../../platform/diagnostic.ts';
import { SallyportError } from '../../platform/errors.ts';
import { parseDuration } from '../../server/duration.ts';
import type { SuggestionsBody } from '../../server/wire.ts';
import type { SuggestionsQuery } from '../api-client.ts';
import { canAsk, confirmed } from '../ask.ts';
import { captureNote } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { diagnosticLines } from '../error-lines.ts';
import { paintDiff } from '../output/colours.ts';
import { lineDiff } from '../output/line-diff.ts';
import { formatStructured } from '../output/structured.ts';
import { formatLeftOut, formatSuggestions } from '../output/suggestion-table.ts';
import { storeObjects } from '../store-objects.ts';
import { addExamples, chosenOutput, collect, usageError } from '../usage.ts';

interface SuggestOptions {
  readonly since?: string;
  readonly allNamespaces?: boolean;
  readonly blocked?: boolean;
  readonly host?: readonly string[];
  readonly as: string;
  readonly wildcards?: boolean;
  readonly expires?: string;
  readonly apply?: boolean;
  readonly yes?: boolean;
}

const forms = ['serviceentries', 'egresspolicy'];

export function register(command: Command, cli: Cli): void {
  command
    .option('--since <duration>', 'how far back: 30m, 24h, 7d; all that is on record if absent')
    .option('-A, --all-namespaces', 'what all namespaces called, as without -n')
    .option('--blocked', 'what was stopped too, which may have been an attack')
    .option('--host <host>', 'only this one, whether it passed or was stopped; may be repeated', collect)
    .option('--as <form>', `${forms.join(' or ')}: for namespaces, or for workloads`, 'serviceentries')
    .option('--wildcards', 'join three hosts of one domain and more; opens names that nobody called')
    .option('--expires <duration>', 'let what is suggested end by itself: 2h, 7d')
    .option('--apply', 'apply it, after showing what that changes')
    .option('--yes', 'with --apply: without asking')
    .action((options: SuggestOptions) => suggest(cli, options));
  command.addHelpText(
    'after',
    '\nOf all namespaces, unless -n names one. -o yaml and -o json print the objects, ready for apply.',
  );
  addExamples(command, cli, [
    'suggest',
    'suggest -n shop --since 24h -o yaml',
    'suggest --as egresspolicy --apply',
    'suggest --host api.example.com --expires 2h --apply --yes',
  ]);
}

async function suggest(cli: Cli, options: SuggestOptions): Promise<void> {
  const output = chosenOutput(cli, ['table', 'wide', 'yaml', 'json']);
  const { apply = false, yes = false } = options;
  if (apply && !yes && !canAsk()) throw usageError('nobody is there to be asked', 'add --yes to apply without asking');
  const found = await cli.api().suggestions(queryOf(cli, options));
  const objects = found.objects.map(({ object }) => object);
  const withStopped = options.blocked === true || options.host !== undefined;
  if (apply) return applySuggested(cli, found, { yes, withStopped });
  if (output === 'json') cli.write(await formatStructured('json', listOf(objects)));
  else if (output === 'yaml') cli.write((await Promise.all(objects.map(yamlOf))).join('---\n'));
  else if (objects.length > 0) {
    for (const line of formatSuggestions(found.suggestions, { wide: output === 'wide', now: Date.now() }))
      cli.print(line);
  }
  warnOf(cli, found, withStopped);
  if (objects.length === 0) return;
  if (output === 'table' || output === 'wide') cli.warn(`Apply it with --apply, or see the objects with -o yaml.`);
  await captureNote(cli);
}

function queryOf(cli: Cli, options: SuggestOptions): SuggestionsQuery {
  const { namespace, namespaceGiven } = cli.options();
  const { since, allNamespaces = false, blocked = false, host = [], as, wildcards = false, expires } = options;
  for (const [name, text] of [
    ['since', since],
    ['expires', expires],
  ] as const) {
    if (text === undefined || parseDuration(text) !== undefined) continue;
    throw usageError(`'${text}' is no duration`, `write for example --${name} 30m, 2h or 7d`);
  }
  const form = forms.find((one) => one === as);
  if (form === undefined) throw usageError(`there is no form '${as}'`, `one of ${forms.join(', ')}`);
  if (allNamespaces && namespaceGiven) throw usageError('-n and --all-namespaces exclude each other');
  return {
    as: form,
    ...(since === undefined ? {} : { since }),
    ...(namespaceGiven ? { namespace } : {}),
    ...(blocked ? { blocked } : {}),
    ...(host.length > 0 ? { host: host.join(',') } : {}),
    ...(wildcards ? { wildcards } : {}),
    ...(expires === undefined ? {} : { expires }),
  };
}

/** What a person should know beside the objects. */
function warnOf(cli: Cli, { suggestions, objects, leftOut }: SuggestionsBody, withStopped: boolean): void {
  for (const one of suggestions) {
    if (one.note !== undefined) cli.warn(`warning: ${one.object}: ${one.note}`);
  }
  for (const line of formatLeftOut(leftOut)) cli.warn(line);
  if (objects.length > 0) return;
  const more = withStopped ? '' : '; what was stopped is looked at with --blocked';
  cli.warn(`Nothing to suggest: all that left is registered${more}.`);
}

interface ApplyOptions {
  readonly yes: boolean;
  readonly withStopped: boolean;
}

async function applySuggested(cli: Cli, found: SuggestionsBody, { yes, withStopped }: ApplyOptions): Promise<void> {
  for (const { object, existing } of found.objects) await printDiff(cli, object, existing);
  warnOf(cli, found, withStopped);
  const { length } = found.objects;
  if (length === 0) return;
  if (!yes && !(await confirmed(`Apply ${length} ${length === 1 ? 'object' : 'objects'}?`, cli.signal))) {
    throw new SallyportError('SP_NOT_CONFIRMED', 'nothing was applied');
  }
  const { refused, warnings } = await storeObjects(cli, found.objects);
  for (const line of diagnosticLines([...refused, ...warnings])) cli.warn(line);
  if (hasErrors(refused)) process.exitCode = 1;
}

async function printDiff(cli: Cli, object: KubeObject, existing: KubeObject | undefined): Promise<void> {
  const name = `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`;
  const [before, after] = [existing === undefined ? [] : await linesOf(existing), await linesOf(object)];
  const head = [`--- ${existing === undefined ? '/dev/null' : name}`, `+++ ${name}`];
  for (const line of [...head, ...lineDiff(before, after)]) cli.print(paintDiff(line));
}

/** What people write of an object. */
async function linesOf({ apiVersion, kind, metadata, spec }: KubeObject): Promise<readonly string[]> {
  const { name, namespace, labels, annotations } = metadata;
  const text = await yamlOf({ apiVersion, kind, metadata: { name, namespace, labels, annotations }, spec });
  return text.trimEnd().split('\n');
}

function yamlOf(object: unknown): Promise<string> {
  return formatStructured('yaml', object);
}

function listOf(items: readonly KubeObject[]) {
  return { apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } };
}
