// Makers of findings, so that each is written in one line and carries a code of the table; and their way into
// diagnostics, where the object's name and the place in its file are added.
import type { Diagnostic, SourceLocation } from '../platform/diagnostic.ts';
import type { DiagnosticCode } from './diagnostic-codes.ts';
import type { Finding } from './kind.ts';
import { shorten } from './schema-messages.ts';

/** Where a value stands in an object: `['spec', 'ports', 0, 'protocol']`. */
export type FieldPath = readonly (string | number)[];

/** Where the value at a path of an object was written. */
export type Locate = (path: FieldPath) => SourceLocation;

/** A mistake that keeps the object out. */
export function problem(code: DiagnosticCode, path: FieldPath, message: string, hint?: string): Finding {
  return { severity: 'error', code, path, message, ...(hint === undefined ? {} : { hint }) };
}

/** Accepted, but probably not what was meant. */
export function warning(code: DiagnosticCode, path: FieldPath, message: string, hint?: string): Finding {
  return { ...problem(code, path, message, hint), severity: 'warning' };
}

/** `spec.ports[0].protocol`; keys that are no plain words are quoted: `metadata.labels["a.b/c"]`. */
export function formatPath(path: FieldPath): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]{0,59}$/.test(part)) text += text === '' ? part : `.${part}`;
    else text += `[${JSON.stringify(shorten(part))}]`;
  }
  return text;
}

/** The way back; a key that was shortened leads to the field around it. */
export function parsePath(text: string): FieldPath {
  const parts = text.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g);
  return [...parts].map(([, index, quoted, word = '']) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? word : String(JSON.parse(quoted));
  });
}

export function toDiagnostic(finding: Finding, resource: string, source?: SourceLocation): Diagnostic {
  const { path, ...rest } = finding;
  return { ...rest, resource, path: formatPath(path), ...(source === undefined ? {} : { source }) };
}
