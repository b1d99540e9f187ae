// Objects of a body that only thinks of them, as `apply` would take them.
import { decodeObject } from '../api/decode.ts';
import type { KubeObject } from '../api/object.ts';
import { type Diagnostic, hasErrors } from '../platform/diagnostic.ts';

export interface DecodedObjects {
  /** The good ones. */
  readonly objects: readonly KubeObject[];
  /** What is wrong with the others. */
  readonly diagnostics: readonly Diagnostic[];
}

export function decodeObjects(values: readonly unknown[]): DecodedObjects {
  const all = values.map((value) => decodeObject(value));
  const good = all.filter(({ object, diagnostics }) => object !== undefined && !hasErrors(diagnostics));
  const bad = all.filter((one) => !good.includes(one));
  return { objects: good.flatMap(({ object }) => object ?? []), diagnostics: bad.flatMap((one) => one.diagnostics) };
}
