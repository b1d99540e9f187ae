// Fields of Istio's API that are accepted, so that a manifest written for Istio is taken as it is, and that change
// nothing here yet. Each one that is used is named: silence would pass for obedience.
import { type FieldPath, warning } from './finding.ts';
import type { Finding } from './kind.ts';

export function* fieldsNotActedOn<Value extends object>(
  value: Value | undefined,
  path: FieldPath,
  fields: readonly (keyof Value & string)[],
): Iterable<Finding> {
  if (value === undefined) return;
  for (const field of fields) {
    if (Object.hasOwn(value, field)) yield notActedOn(field, [...path, field]);
  }
}

/** `what` is a field, or a value of one. */
export function notActedOn(what: string, path: FieldPath, hint = 'do not rely on it'): Finding {
  return warning('SP0111', path, `${what} is accepted, but not acted on yet`, hint);
}

export function deprecated(field: string, path: FieldPath, instead: string): Finding {
  return warning('SP0112', path, `using deprecated setting "${field}", use "${instead}" instead`);
}
