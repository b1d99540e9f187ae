// `apply`: files become objects of the mesh. The good ones are stored in one transaction; the bad ones are named on
// standard error with place and mend, and make the exit code 1.
import type { Command } from 'commander';
import { type DecodedObject, decodeManifestBytes } from '../../api/decode.ts';
import { parsePath } from '../../api/finding.ts';
import { keyOf, resourceName } from '../../api/object.ts';
import { type Diagnostic, hasErrors, notYetSaid } from '../../platform/diagnostic.ts';
import { SallyportError } from '../../platform/errors.ts';
import { groupOf } from '../../server/kind-names.ts';
import { captureNoteFor, mutualTlsNote } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { diagnosticLines, warningsOf } from '../error-lines.ts';
import { addFileOptions, type FileOptions } from '../file-options.ts';
import { readManifestFiles } from '../manifest-files.ts';
import { addExamples } from '../usage.ts';

export function register(command: Command, cli: Cli): void {
  addFileOptions(command).action((options: FileOptions) => apply(cli, options));
  addExamples(command, cli, ['apply -f httpbin.yaml', 'apply -f manifests/ -n shop', 'apply -f - < httpbin.yaml']);
}

async function apply(cli: Cli, { filename = [], recursive = false }: FileOptions): Promise<void> {
  const { namespace, namespaceGiven } = cli.options();
  const files = await readManifestFiles(filename, recursive, cli.signal);
  const decoded = files.map(({ name, bytes }) => decodeManifestBytes(bytes, name, namespace));
  const diagnostics = decoded.flatMap((one) => one.diagnostics);
  const objects = decoded.flatMap((one) => one.objects);
  if (objects.length === 0 && diagnostics.length === 0) {
    throw new SallyportError('SP_NO_OBJECTS', `no objects in ${filename.join(', ')}`);
  }
  const elsewhere = namespaceGiven ? objects.filter((one) => isElsewhere(one, namespace)) : [];
  const wanted = objects.filter((one) => !elsewhere.includes(one));
  const { refused, warnings } = wanted.length === 0 ? nothing : await store(cli, wanted);
  const all = [...diagnostics, ...elsewhere.map((one) => otherNamespace(one, namespace)), ...refused];
  for (const line of diagnosticLines([...all, ...notYetSaid(warnings, all)])) cli.warn(line);
  if (hasErrors(all)) process.exitCode = 1;
}

interface Stored {
  readonly refused: readonly Diagnostic[];
  /** Of what was stored. */
  readonly warnings: readonly Diagnostic[];
}

const nothing: Stored = { refused: [], warnings: [] };

/** Prints what became of each. */
async function store(cli: Cli, objects: readonly DecodedObject[]): Promise<Stored> {
  const { results, diagnostics } = await cli.api().apply(objects.map(({ object }) => object));
  for (const { printedName, outcome } of results) if (outcome !== undefined) cli.print(`${printedName} ${outcome}`);
  const stored = results.filter(({ outcome }) => outcome !== undefined);
  await captureNoteFor(
    cli,
    stored.map(({ printedName }) => ({ group: groupOf(printedName) })),
  );
  await mutualTlsNote(
    cli,
    objects.map(({ object }) => object),
  );
  const refused = results.flatMap(({ index, outcome, diagnostics: reasons }) => {
    const source = objects[index]?.locate([]);
    if (outcome !== undefined || source === undefined) return [];
    return reasons.map((diagnostic) => ({ source, ...diagnostic }));
  });
  const byName = new Map(objects.map((one) => [resourceName(keyOf(one.object)), one]));
  return { refused, warnings: warningsOf(diagnostics).map((one) => placed(one, byName)) };
}

/** With the places that the files say more exactly than the mesh can. */
function placed(diagnostic: Diagnostic, objects: ReadonlyMap<string, DecodedObject>): Diagnostic {
  const source = objects.get(diagnostic.resource)?.locate(parsePath(diagnostic.path));
  const related = diagnostic.related?.map((other) => {
    const place = objects.get(other.resource)?.locate(parsePath(other.path));
    return place === undefined ? other : { ...other, source: place };
  });
  return { ...diagnostic, ...(source === undefined ? {} : { source }), ...(related === undefined ? {} : { related }) };
}

function isElsewhere({ object, kind }: DecodedObject, namespace: string): boolean {
  return kind.namespaced && object.metadata.namespace !== namespace;
}

function otherNamespace({ object, locate }: DecodedObject, namespace: string): Diagnostic {
  return {
    severity: 'error',
    code: 'SP_OTHER_NAMESPACE',
    resource: `${object.kind}/${object.metadata.namespace}/${object.metadata.name}`,
    path: 'metadata.namespace',
    source: locate(['metadata', 'namespace']),
    message: `the file says '${object.metadata.namespace}', the command line '${namespace}'`,
    hint: 'leave -n out or change the file',
  };
}
