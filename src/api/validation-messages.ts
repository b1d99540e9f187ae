// What is wrong with an object, in its own status: Istio's `validationMessages` (analysis v1alpha1 AnalysisMessageBase), each with
// what a person needs beside it. Written by us alone; nothing reads it to decide anything.
import type { Diagnostic } from '../platform/diagnostic.ts';
import { type DiagnosticCode, diagnosticCodes } from './diagnostic-codes.ts';

export interface ValidationMessage {
  readonly type: { readonly code: string; readonly name: string };
  readonly level: 'ERROR' | 'WARNING' | 'INFO';
  readonly path?: string;
  readonly message: string;
  /** The mend. */
  readonly hint?: string;
}

const levels = { error: 'ERROR', warning: 'WARNING', info: 'INFO' } as const;

export function validationMessage({ severity, code, path, message, hint }: Diagnostic): ValidationMessage {
  return {
    type: { code, name: isCode(code) ? diagnosticCodes[code] : code },
    level: levels[severity],
    ...(path === '' ? {} : { path }),
    message,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** A status as others wrote it; undefined if nothing is left. */
export function withoutMessages(status: unknown): unknown {
  if (typeof status !== 'object' || status === null || !('validationMessages' in status)) return status;
  const { validationMessages: _messages, ...rest } = status;
  return Object.keys(rest).length === 0 ? undefined : rest;
}

function isCode(code: string): code is DiagnosticCode {
  return Object.hasOwn(diagnosticCodes, code);
}
