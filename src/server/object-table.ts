// Objects as rows of a table, by the columns of their kind: the server prints, so that a client needs no kinds.
// Cells show defaults filled in; nothing of that is ever stored.
import type { Kind } from '../api/kind.ts';
import { findKind } from '../api/kinds.ts';
import { groupOf, type KubeObject } from '../api/object.ts';
import { printedName } from './kind-names.ts';
import type { KindNames, TableColumn, TableRow } from './wire.ts';

export function namesOf(kind: Kind): KindNames {
  const { group, plural, singular, namespaced } = kind;
  return { group, kind: kind.kind, plural, singular, namespaced };
}

export function tableColumns(kind: Kind): readonly TableColumn[] {
  return kind.columns.map(({ title, wide }) => ({ title, wide: wide ?? false }));
}

export function tableRow(kind: Kind, stored: KubeObject): TableRow {
  const object = kind.withDefaults(stored);
  const { namespace, name, creationTimestamp } = stored.metadata;
  const notes = kind.notes?.(object) ?? [];
  return {
    namespace: namespace ?? '',
    name,
    ...(creationTimestamp === undefined ? {} : { createdAt: creationTimestamp }),
    cells: kind.columns.map((column) => column.value(object)),
    ...(notes.length === 0 ? {} : { notes }),
  };
}

/** `serviceentry.networking.istio.io/httpbin-ext` */
export function objectPrintedName(object: KubeObject): string {
  const group = groupOf(object.apiVersion);
  const singular = findKind(group, object.kind)?.singular ?? object.kind.toLowerCase();
  return printedName({ group, singular }, object.metadata.name);
}
