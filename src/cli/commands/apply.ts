// `apply`: files become objects of the mesh. The good ones are stored in one transaction; the bad ones are named on
// standard error with place and mend, and make the exit code 1.
import type { Command } from 'commander';
import { type DecodedObject, decodeManifestBytes } from '../../api/decode.ts';
import { type Diagnostic, hasErrors, notYetSaid } from '../../platform/diagnostic.ts';
import { SallyportError } from '../../platform/errors.ts';
import type { Cli } from '../cli.ts';
import { diagnosticLines } from '../error-lines.ts';
import { addFileOptions, type FileOptions } from '../file-options.ts';
import { readManifestFiles } from '../manifest-files.ts';
import { storeObjects } from '../store-objects.ts';
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
  const { refused, warnings } = await storeObjects(cli, wanted);
  const all = [...diagnostics, ...elsewhere.map((one) => otherNamespace(one, namespace)), ...refused];
  for (const line of diagnosticLines([...all, ...notYetSaid(warnings, all)])) cli.warn(line);
  if (hasErrors(all)) process.exitCode = 1;
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
