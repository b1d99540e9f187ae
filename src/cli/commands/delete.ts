// `delete`: objects by name, by label, or those that files hold.
import type { Command } from 'commander';
import { printedKind } from '../../server/kind-names.ts';
import type { KindNames } from '../../server/wire.ts';
import { ApiError } from '../api-client.ts';
import { captureNoteFor } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { errorLines } from '../error-lines.ts';
import { objectTargets } from '../object-targets.ts';
import { addExamples, collect, usageError } from '../usage.ts';

interface DeleteOptions {
  readonly filename?: readonly string[];
  readonly recursive?: boolean;
  readonly ignoreNotFound?: boolean;
  readonly all?: boolean;
  readonly selector?: string;
}

interface Doomed {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export function register(command: Command, cli: Cli): void {
  command
    .argument('[kind]', 'serviceentry, se or KIND/NAME')
    .argument('[name...]')
    .option('-f, --filename <file>', 'delete the objects of a file, a folder, or - for standard input', collect)
    .option('-R, --recursive', 'folders with those below')
    .option('-l, --selector <labels>', 'objects of the kind with these labels')
    .option('--all', 'all objects of the kind in the namespace')
    .option('--ignore-not-found', 'an object that is not there is no error')
    .action(async (kind: string | undefined, names: readonly string[], options: DeleteOptions) => {
      const words = kind === undefined ? [] : [kind, ...names];
      const doomed = options.filename === undefined ? await named(cli, words, options) : await inFiles(cli, options);
      await deleteAll(cli, doomed, options.ignoreNotFound ?? false);
    });
  addExamples(command, cli, ['delete serviceentry httpbin-ext', 'delete se/a se/b -n shop', 'delete -f httpbin.yaml']);
}

async function named(cli: Cli, words: readonly string[], options: DeleteOptions): Promise<readonly Doomed[]> {
  const { namespace } = cli.options();
  const doomed: Doomed[] = [];
  for (const { kind, name } of objectTargets(words)) {
    if (name !== undefined) {
      doomed.push({ kind, namespace, name });
      continue;
    }
    if (!options.all && options.selector === undefined) throw usageError('a name is missing', 'or give -l or --all');
    const query = options.selector === undefined ? { namespace } : { namespace, labelSelector: options.selector };
    const { rows } = await cli.api().table(kind, query);
    doomed.push(...rows.map((row) => ({ kind, namespace: row.namespace, name: row.name })));
    if (rows.length === 0) cli.warn('No resources found');
  }
  return doomed;
}

/**
 * By kind, namespace and name alone, whatever else they say. Reading manifests loads every kind; deleting by name does not
 * need them.
 */
async function inFiles(cli: Cli, { filename = [], recursive = false }: DeleteOptions): Promise<readonly Doomed[]> {
  const [{ decodeManifestBytes }, { checkReference }, { readManifestFiles }, { diagnosticLines }] = await Promise.all([
    import('../../api/decode.ts'),
    import('../../api/check-object.ts'),
    import('../manifest-files.ts'),
    import('../error-lines.ts'),
  ]);
  const files = await readManifestFiles(filename, recursive, cli.signal);
  const { namespace } = cli.options();
  // As kubectl: an object that no longer fits its kind can be taken away by the file that it came from.
  const decoded = files.map(({ name, bytes }) => decodeManifestBytes(bytes, name, namespace, checkReference));
  const errors = decoded.flatMap(({ diagnostics }) => diagnostics.filter(({ severity }) => severity === 'error'));
  for (const line of diagnosticLines(errors)) cli.warn(line);
  if (errors.length > 0) process.exitCode = 1;
  return decoded.flatMap(({ objects }) =>
    objects.map(({ object, kind }) => ({
      kind: kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`,
      namespace: object.metadata.namespace ?? '',
      name: object.metadata.name,
    })),
  );
}

async function deleteAll(cli: Cli, doomed: readonly Doomed[], ignoreNotFound: boolean): Promise<void> {
  const deleted: KindNames[] = [];
  /** What stood in them went with them. */
  const namespaces = new Set<string>();
  for (const { kind, namespace, name } of doomed) {
    try {
      const { names } = await cli.api().delete(kind, namespace, name);
      cli.print(`${printedKind(names)} "${name}" deleted`);
      deleted.push(names);
      if (names.group === '' && names.plural === 'namespaces') namespaces.add(name);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if ((ignoreNotFound || namespaces.has(namespace)) && error.code === 'SP_NOT_FOUND') continue;
      for (const line of errorLines(error)) cli.warn(line);
      process.exitCode = 1;
    }
  }
  await captureNoteFor(cli, deleted);
}
