// Tables of objects as kubectl lays them out: NAMESPACE first when asked over all, then NAME, the kind's columns, AGE, and
// what only `-o wide` shows.
import { printedName } from '../../server/kind-names.ts';
import type { KindNames, TableColumn, TableRow } from '../../server/wire.ts';
import { formatAge } from './age.ts';

export interface RowLayout {
  readonly names: KindNames;
  readonly columns: readonly TableColumn[];
  readonly wide: boolean;
  readonly withNamespace: boolean;
  /** `serviceentry.networking.istio.io/name`, when several kinds are shown. */
  readonly withKind: boolean;
}

export function headerCells({ columns, wide, withNamespace, names }: RowLayout): readonly string[] {
  const titles = columns.filter((column) => !column.wide).map(({ title }) => title);
  const more = wide ? columns.filter((column) => column.wide).map(({ title }) => title) : [];
  return [...(withNamespace && names.namespaced ? ['NAMESPACE'] : []), 'NAME', ...titles, 'AGE', ...more];
}

/** `now`: milliseconds since the epoch. */
export function rowCells(layout: RowLayout, row: TableRow, now: number): readonly string[] {
  const { columns, wide, withNamespace, withKind, names } = layout;
  const cells = row.cells.filter((_, index) => columns[index]?.wide !== true);
  const more = wide ? row.cells.filter((_, index) => columns[index]?.wide === true) : [];
  return [
    ...(withNamespace && names.namespaced ? [row.namespace] : []),
    withKind ? printedName(names, row.name) : row.name,
    ...cells,
    formatAge(row.createdAt, now),
    ...more,
  ];
}
