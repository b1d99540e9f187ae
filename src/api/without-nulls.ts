// A field that is null is a field that is not there, as in Kubernetes: `creationTimestamp: null`, `exportTo:`.
// Also bounds how deep a value may nest, since everything after this walks values by recursion.
import { type FieldPath, problem } from './finding.ts';
import type { Finding } from './kind.ts';

export const deepestNesting = 64;

export type Cleaned = { readonly value: unknown; readonly tooDeep?: undefined } | { readonly tooDeep: Finding };

/** A copy of plain data without fields that are null; a null within a list stays, to be refused by the schema. */
export function withoutNulls(value: unknown): Cleaned {
  const path: (string | number)[] = [];
  let tooDeep: FieldPath | undefined;
  const copy = (given: unknown): unknown => {
    if (typeof given !== 'object' || given === null || tooDeep !== undefined) return given;
    if (path.length >= deepestNesting) {
      tooDeep = [...path];
      return undefined;
    }
    const child = (key: string | number, item: unknown): unknown => {
      path.push(key);
      const copied = copy(item);
      path.pop();
      return copied;
    };
    if (Array.isArray(given)) return given.map((item, index) => child(index, item));
    // fromEntries makes own properties, also of a key named __proto__.
    const entries = Object.entries(given).filter(([, item]) => item !== null && item !== undefined);
    return Object.fromEntries(entries.map(([key, item]) => [key, child(key, item)]));
  };
  const cleaned = copy(value);
  if (tooDeep === undefined) return { value: cleaned };
  return {
    tooDeep: problem('SP0004', tooDeep.slice(0, 8), `nested deeper than ${deepestNesting} levels`, 'flatten it'),
  };
}
