// `get`: objects as a table, as YAML or JSON, or the parts that a JSONPath picks. Tables are made by the control
// plane, so that this command loads no kinds and answers at once.
import type { Command } from 'commander';
import type { ObjectsBody, TableBody } from '../../server/wire.ts';
import { ApiError, type ObjectQuery } from '../api-client.ts';
import { captureNoteFor } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { errorLines } from '../error-lines.ts';
import { type ObjectTarget, objectTargets } from '../object-targets.ts';
import { expansionComment } from '../output/expansion.ts';
import { formatObjects, type OutputForm, outputForm } from '../output/object-format.ts';
import { headerCells, type RowLayout, rowCells } from '../output/object-rows.ts';
import { formatTable, oneLine } from '../output/table.ts';
import { addExamples, usageError } from '../usage.ts';
import { watchTarget } from '../watch-objects.ts';

interface GetOptions {
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly watch?: boolean;
  readonly ignoreNotFound?: boolean;
  /** `--no-headers` */
  readonly headers: boolean;
}

export function register(command: Command, cli: Cli): void {
  command
    .argument('<kind>', 'serviceentry, se, KIND,KIND or KIND/NAME')
    .argument('[name...]', 'all objects of the kind if none is given')
    .option('-A, --all-namespaces', 'of all namespaces')
    .option('-l, --selector <labels>', 'only objects with these labels, for example app=echo')
    .option('-w, --watch', 'go on showing changes')
    .option('--ignore-not-found', 'an object that is not there is no error')
    .option('--no-headers', 'no header line')
    .action((kind: string, names: readonly string[], options: GetOptions) => get(cli, [kind, ...names], options));
  addExamples(command, cli, [
    'get serviceentries',
    'get se,gateways -A',
    'get se httpbin-ext -o yaml',
    `get istio mesh -n istio-system -o jsonpath='{.spec.outboundTrafficPolicy.mode}'`,
  ]);
}

async function get(cli: Cli, words: readonly string[], options: GetOptions): Promise<void> {
  const targets = objectTargets(words);
  const form = outputForm(cli.options().output);
  if (options.watch) {
    const [target, ...others] = targets;
    if (target === undefined || others.length > 0) throw usageError('-w watches one kind or one object');
    return watchTarget(cli, target, queryOf(cli, target, options), form, options.allNamespaces ?? false);
  }
  if (form.type === 'table') await showTables(cli, targets, form, options);
  else await showObjects(cli, targets, form, options);
}

async function showTables(
  cli: Cli,
  targets: readonly ObjectTarget[],
  form: Extract<OutputForm, { type: 'table' }>,
  options: GetOptions,
): Promise<void> {
  const bodies = await fetchAll(cli, targets, options, (kind, query) => cli.api().table(kind, query));
  const tables = mergeByKind(bodies).filter(({ rows }) => rows.length > 0);
  const now = Date.now();
  tables.forEach((table, index) => {
    const layout: RowLayout = {
      ...table,
      wide: form.wide,
      withNamespace: options.allNamespaces ?? false,
      withKind: new Set(targets.map(({ kind }) => kind)).size > 1,
    };
    const lines = formatTable(
      headerCells(layout),
      table.rows.map((row) => rowCells(layout, row, now)),
    );
    if (index > 0) cli.print('');
    for (const line of options.headers ? lines : lines.slice(1)) cli.print(line);
    for (const line of noteLines(table)) cli.print(line);
  });
  if (tables.length === 0 && bodies.length > 0) cli.warn(nothingFound(cli, bodies, options));
  await captureNoteFor(
    cli,
    tables.map(({ names }) => names),
  );
}

async function showObjects(
  cli: Cli,
  targets: readonly ObjectTarget[],
  form: Exclude<OutputForm, { type: 'table' }>,
  options: GetOptions,
): Promise<void> {
  const single = targets.length === 1 && targets[0]?.name !== undefined;
  const expand = single && form.type === 'yaml';
  const bodies = await fetchAll(cli, targets, options, (kind, query) =>
    cli.api().objects(kind, { ...query, defaults: true, ...(expand ? { expand } : {}) }),
  );
  const shown = bodies.flatMap(({ names, items }) => items.map((object) => ({ names, object })));
  if (single && shown.length === 0) return;
  cli.write(await formatObjects(form, shown, single));
  for (const { expansion } of bodies) if (expansion !== undefined) cli.write(await expansionComment(expansion));
  await captureNoteFor(
    cli,
    shown.map(({ names }) => names),
  );
}

/** Answers of all targets that are there; for the others the reason on standard error, and exit code 1. */
async function fetchAll<Body extends TableBody | ObjectsBody>(
  cli: Cli,
  targets: readonly ObjectTarget[],
  options: GetOptions,
  fetch: (kind: string, query: ObjectQuery) => Promise<Body>,
): Promise<readonly Body[]> {
  const bodies: Body[] = [];
  for (const target of targets) {
    try {
      bodies.push(await fetch(target.kind, queryOf(cli, target, options)));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 404) throw error;
      if (options.ignoreNotFound && error.code === 'SP_NOT_FOUND') continue;
      for (const line of errorLines(error)) cli.warn(line);
      process.exitCode = 1;
    }
  }
  return bodies;
}

function queryOf(cli: Cli, target: ObjectTarget, options: GetOptions): ObjectQuery {
  if (options.allNamespaces && target.name !== undefined)
    throw usageError('a name and --all-namespaces exclude each other');
  return {
    ...(options.allNamespaces ? {} : { namespace: cli.options().namespace }),
    ...(target.name === undefined ? {} : { name: target.name }),
    ...(options.selector === undefined ? {} : { labelSelector: options.selector }),
  };
}

/** `get se a b` is one table. */
function mergeByKind(bodies: readonly TableBody[]): readonly TableBody[] {
  const tables = new Map<string, TableBody>();
  for (const body of bodies) {
    const key = `${body.names.plural}.${body.names.group}`;
    const rows = [...(tables.get(key)?.rows ?? []), ...body.rows];
    tables.set(key, { ...body, rows });
  }
  return [...tables.values()];
}

/** What is wrong with the objects of a table, below it: `deployment/echo: CrashLoopBackOff: …`, then more, indented. */
function noteLines({ names, rows }: TableBody): readonly string[] {
  const lines = rows.flatMap(({ name, notes = [] }) =>
    notes.flatMap((note) =>
      `${names.singular}/${name}: ${note}`.split('\n').map((line, at) => (at === 0 ? line : `  ${line}`)),
    ),
  );
  return lines.length === 0 ? [] : ['', ...lines.map(oneLine)];
}

function nothingFound(cli: Cli, bodies: readonly TableBody[], options: GetOptions): string {
  const everywhere = options.allNamespaces || bodies.every(({ names }) => !names.namespaced);
  return everywhere ? 'No resources found' : `No resources found in ${cli.options().namespace} namespace.`;
}
