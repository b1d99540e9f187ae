// The forms of `-o` that show objects whole: json, yaml, name, jsonpath. Several objects become a List.
import type { KubeObject } from '../../api/object.ts';
import { printedName } from '../../server/kind-names.ts';
import type { KindNames } from '../../server/wire.ts';
import { usageError } from '../usage.ts';
import { renderJsonPath } from './jsonpath.ts';
import { formatStructured } from './structured.ts';

export type OutputForm =
  | { readonly type: 'table'; readonly wide: boolean }
  | { readonly type: 'json' | 'yaml' | 'name' }
  | { readonly type: 'jsonpath'; readonly template: string };

/** Of one object: what it is and the names of its kind. */
export interface ShownObject {
  readonly names: KindNames;
  readonly object: KubeObject;
}

/** Reads the value of `-o`; a table if none was given. */
export function outputForm(text: string | undefined): OutputForm {
  if (text === undefined || text === 'table') return { type: 'table', wide: false };
  if (text === 'wide') return { type: 'table', wide: true };
  if (text === 'json' || text === 'yaml' || text === 'name') return { type: text };
  if (text.startsWith('jsonpath=')) return { type: 'jsonpath', template: text.slice('jsonpath='.length) };
  throw usageError(`no output form '${text}'`, 'one of table, wide, json, yaml, name, jsonpath=TEMPLATE');
}

/** The text for standard output. `single`: one object was asked for by name, so it stands for itself. */
export async function formatObjects(
  form: Exclude<OutputForm, { type: 'table' }>,
  shown: readonly ShownObject[],
  single: boolean,
): Promise<string> {
  if (form.type === 'name') {
    return shown.map(({ names, object }) => `${printedName(names, object.metadata.name)}\n`).join('');
  }
  const [first] = shown;
  const root = single && first !== undefined ? first.object : listOf(shown.map(({ object }) => object));
  if (form.type === 'jsonpath') return renderJsonPath(form.template, root);
  return formatStructured(form.type, root);
}

function listOf(items: readonly KubeObject[]) {
  return { apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } };
}
