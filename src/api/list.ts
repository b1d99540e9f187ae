// `kind: List` (and `ServiceEntryList`), as `get -o yaml` prints several objects: its items are the objects.
import type { FieldPath } from './finding.ts';

export interface ListItem {
  readonly value: unknown;
  /** Where the item stands in the document; empty for a document that is no list. */
  readonly path: FieldPath;
}

/** The items of a list, or the value itself. */
export function listItems(value: unknown): readonly ListItem[] {
  if (typeof value !== 'object' || value === null || !('items' in value) || !('kind' in value)) {
    return [{ value, path: [] }];
  }
  const { kind, items } = value;
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ value, path: [] }];
  return items.map((item: unknown, index) => ({ value: item, path: ['items', index] }));
}
