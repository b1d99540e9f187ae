// Objects go to the mesh as `apply` sends them: in one transaction, each told by its name and what became of it.
import type { Locate } from '../api/finding.ts';
import { parsePath } from '../api/finding.ts';
import { type KubeObject, keyOf, resourceName } from '../api/object.ts';
import type { Diagnostic } from '../platform/diagnostic.ts';
import { groupOf } from '../server/kind-names.ts';
import { captureNoteFor, mutualTlsNote } from './capture-note.ts';
import type { Cli } from './cli.ts';
import { warningsOf } from './error-lines.ts';

export interface ObjectToStore {
  readonly object: KubeObject;
  /** Where a field stands in the file that the object is from. */
  readonly locate?: Locate;
}

export interface Stored {
  readonly refused: readonly Diagnostic[];
  /** Of what was stored. */
  readonly warnings: readonly Diagnostic[];
}

/** Prints what became of each. */
export async function storeObjects(cli: Cli, objects: readonly ObjectToStore[]): Promise<Stored> {
  if (objects.length === 0) return { refused: [], warnings: [] };
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
    if (outcome !== undefined || objects[index] === undefined) return [];
    const source = objects[index].locate?.([]);
    return reasons.map((diagnostic) => ({ ...(source === undefined ? {} : { source }), ...diagnostic }));
  });
  const byName = new Map(objects.map((one) => [resourceName(keyOf(one.object)), one]));
  return { refused, warnings: warningsOf(diagnostics).map((one) => placed(one, byName)) };
}

/** With the places that the files say more exactly than the mesh can. */
function placed(diagnostic: Diagnostic, objects: ReadonlyMap<string, ObjectToStore>): Diagnostic {
  const source = objects.get(diagnostic.resource)?.locate?.(parsePath(diagnostic.path));
  const related = diagnostic.related?.map((other) => {
    const place = objects.get(other.resource)?.locate?.(parsePath(other.path));
    return place === undefined ? other : { ...other, source: place };
  });
  return { ...diagnostic, ...(source === undefined ? {} : { source }), ...(related === undefined ? {} : { related }) };
}
