// The time at which something that lets traffic out stops to: a field of EgressPolicies, an annotation of ServiceEntries.
// Invariant: a time that cannot be read is over, so that a slip of the pen never lets out for ever.
import { expiresAnnotation } from './annotations.ts';
import type { DiagnosticCode } from './diagnostic-codes.ts';
import { type FieldPath, problem } from './finding.ts';
import type { Finding } from './kind.ts';
import { shorten } from './schema-messages.ts';

/** RFC 3339. */
const timestamp = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970; infinite where no time is written. */
export function expiryTime(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  return isTime(text) ? Date.parse(text) : 0;
}

interface Annotated {
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export function annotatedExpiry({ annotations }: Annotated): number {
  return expiryTime(annotations?.[expiresAnnotation]);
}

export function* checkExpiry(code: DiagnosticCode, path: FieldPath, expires: string | undefined): Iterable<Finding> {
  if (expires === undefined || isTime(expires)) return;
  yield problem(code, path, `${shorten(expires)} is not a time`, 'write it as in 2027-01-31T00:00:00Z');
}

export function checkAnnotatedExpiry(code: DiagnosticCode, { annotations }: Annotated): Iterable<Finding> {
  return checkExpiry(code, ['metadata', 'annotations', expiresAnnotation], annotations?.[expiresAnnotation]);
}

function isTime(text: string): boolean {
  return timestamp.test(text) && !Number.isNaN(Date.parse(text));
}
