// A field that is null is a field that is not there, as in Kubernetes: `creationTimestamp: null`, `exportTo:`.
// Also bounds how deep a value may nest, since everything after this walks values by recursion.
import { type FieldPath, problem } from './finding.ts';
import type { Finding } from './kind.ts';

export const deepestNesting = 64;

export type Cleaned = { readonly value: unknown; readonly tooDeep?: undefined } | { readonly tooDeep: Finding };

/** Plain data without fields that are null; a null within a list stays, to be refused by the schema. What has none is not copied. */
export function withoutNulls(value: unknown): Cleaned {
  const path: (string | number)[] = [];
  let tooDeep: FieldPath | undefined;

  function clean(given: unknown): unknown {
    if (typeof given !== 'object' || given === null || tooDeep !== undefined) return given;
    if (path.length >= deepestNesting) {
      tooDeep = [...path];
      return undefined;
    }
    return Array.isArray(given) ? cleanList(given) : cleanFields(given);
  }

  function child(key: string | number, item: unknown): unknown {
    path.push(key);
    const cleaned = clean(item);
    path.pop();
    return cleaned;
  }

  function cleanList(given: readonly unknown[]): readonly unknown[] {
    let same = true;
    const items = given.map((item, index) => {
      const cleaned = child(index, item);
      same &&= cleaned === item;
      return cleaned;
    });
    return same ? given : items;
  }

  function cleanFields(given: object): object {
    let same = true;
    const entries: [string, unknown][] = [];
    for (const [key, item] of Object.entries(given)) {
      const cleaned = item === null || item === undefined ? undefined : child(key, item);
      same &&= cleaned === item && item !== undefined;
      if (cleaned !== undefined) entries.push([key, cleaned]);
    }
    // fromEntries makes own properties, also of a key named __proto__.
    return same ? given : Object.fromEntries(entries);
  }

  const cleaned = clean(value);
  if (tooDeep === undefined) return { value: cleaned };
  return {
    tooDeep: problem('SP0004', tooDeep.slice(0, 8), `nested deeper than ${deepestNesting} levels`, 'flatten it'),
  };
}
