// `describe`: one object with its defaults, and what the mesh has to say about it.
import type { Command } from 'commander';
import type { KubeObject } from '../../api/object.ts';
import { withoutMessages } from '../../api/validation-messages.ts';
import type { KindNames } from '../../server/wire.ts';
import { captureNoteFor, mutualTlsNote } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { isDeployment } from '../deployment-targets.ts';
import { diagnosticLines } from '../error-lines.ts';
import { singleTarget } from '../object-targets.ts';
import { formatAge } from '../output/age.ts';
import { expansionLines } from '../output/expansion.ts';
import { ownedPodLines } from '../output/owned-pods.ts';
import { formatStructured } from '../output/structured.ts';
import { addExamples } from '../usage.ts';

export function register(command: Command, cli: Cli): void {
  command
    .argument('<kind>', 'KIND or KIND/NAME')
    .argument('[name]')
    .action((kind: string, name: string | undefined) => describe(cli, name === undefined ? [kind] : [kind, name]));
  addExamples(command, cli, [
    'describe serviceentry httpbin-ext',
    'describe egresspolicy payments',
    'describe istio/mesh -n istio-system',
  ]);
}

async function describe(cli: Cli, words: readonly string[]): Promise<void> {
  const { kind, name } = singleTarget(words);
  const query = { name, namespace: cli.options().namespace, defaults: true, expand: true };
  const [{ names, items, expansion }, { diagnostics }] = await Promise.all([
    cli.api().objects(kind, query),
    cli.api().diagnostics(),
  ]);
  for (const object of items) {
    const { namespace } = object.metadata;
    const resource = [names.kind, ...(namespace === undefined ? [] : [namespace]), name].join('/');
    const lines = diagnosticLines(diagnostics.filter((diagnostic) => diagnostic.resource === resource));
    cli.write(`${headLines(object).join('\n')}\n`);
    // What is said of it stands below.
    const fields = new Map<string, unknown>(Object.entries({ ...object, status: withoutMessages(object.status) }));
    for (const field of content) cli.write(await section(field, fields.get(field)));
    for (const line of await podLines(cli, names, object)) cli.print(line);
    if (expansion !== undefined) for (const line of await expansionLines(expansion)) cli.print(line);
    cli.print(
      lines.length === 0 ? 'Diagnostics:   <none>' : `Diagnostics:\n${lines.map((line) => `  ${line}`).join('\n')}`,
    );
  }
  await captureNoteFor(cli, [names]);
  await mutualTlsNote(cli, items);
}

function headLines({ apiVersion, kind, metadata }: KubeObject): readonly string[] {
  const { name, namespace, labels, annotations, creationTimestamp, generation, ownerReferences = [] } = metadata;
  const controller = ownerReferences.find((owner) => owner.controller === true);
  return [
    ['Name', name],
    ...(namespace === undefined ? [] : [['Namespace', namespace]]),
    ['Labels', pairs(labels)],
    ['Annotations', pairs(annotations)],
    ['API Version', apiVersion],
    ['Kind', kind],
    ...(controller === undefined ? [] : [['Controlled By', `${controller.kind}/${controller.name}`]]),
    ['Generation', String(generation ?? '')],
    ['Created', `${creationTimestamp ?? '<unknown>'} (${formatAge(creationTimestamp, Date.now())} ago)`],
  ].map(([title, value]) => `${`${title}:`.padEnd(15)}${value}`);
}

function pairs(map: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries(map).map(([key, value]) => `${key}=${value}`);
  return lines.length === 0 ? '<none>' : lines.join(`\n${' '.repeat(15)}`);
}

/** What is shown of an object beside its metadata, in this order. A Secret's plain text is not. */
const content = ['spec', 'data', 'rules', 'roleRef', 'subjects', 'status'];

/** Of a gateway those of its Deployment, which has its name. */
async function podLines(cli: Cli, names: KindNames, object: KubeObject): Promise<readonly string[]> {
  if (isDeployment(names, object)) return ownedPodLines(cli, object);
  if (names.kind !== 'MeshGateway') return [];
  const { namespace = '', name } = object.metadata;
  const { items } = await cli.api().objects('deployments', { namespace });
  const [deployment] = items.filter(({ metadata }) => metadata.name === name);
  return deployment === undefined ? [] : ownedPodLines(cli, deployment);
}

async function section(field: string, value: unknown): Promise<string> {
  if (value === undefined) return '';
  const title = `${field.charAt(0).toUpperCase()}${field.slice(1)}`;
  return `${title}:\n${(await formatStructured('yaml', value)).replaceAll(/^(?=.)/gm, '  ')}`;
}
