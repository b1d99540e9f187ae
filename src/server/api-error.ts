// What a request did wrong, as errors with an HTTP status; and the one place where anything thrown becomes an
// answer. Invariant: a bug is answered with 500 and no detail, the detail goes to the log.
import type { Diagnostic } from '../platform/diagnostic.ts';
import { SallyportError } from '../platform/errors.ts';
import type { ErrorBody } from './wire.ts';

/** Statuses as the Kubernetes API server uses them. */
export type ErrorStatus = 400 | 403 | 404 | 409 | 410 | 413 | 422 | 500 | 503 | 507;

const statusOfCode = new Map<string, ErrorStatus>([
  ['SP_BAD_REQUEST', 400],
  ['SP_INVALID_PATCH', 400],
  ['SP_FORBIDDEN', 403],
  ['SP_NO_SESSION', 403],
  ['SP_NOT_FOUND', 404],
  ['SP_UNKNOWN_KIND', 404],
  ['SP_CONFLICT', 409],
  ['SP_OWNED_BY_FILE', 409],
  ['SP_GONE', 410],
  ['SP_TOO_LARGE', 413],
  ['SP_INVALID', 422],
  ['SP_STORE_CLOSED', 503],
  ['SP_TOO_MANY_STREAMS', 503],
  ['SP_BUSY', 503],
  ['SP_CLOSED', 503],
  ['SP_DISK_FULL', 507],
]);

/** 422: an object that its kind refuses, with every reason. */
export class InvalidObjectError extends SallyportError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super('SP_INVALID', 'the object is not valid');
    this.diagnostics = diagnostics;
  }
}

export function badRequest(message: string, hint?: string): SallyportError {
  return new SallyportError('SP_BAD_REQUEST', message, hint === undefined ? {} : { hint });
}

/** 404. `what` is a sentence's subject: `proxy echo of default`. */
export function notFound(what: string, hint?: string): SallyportError {
  return new SallyportError('SP_NOT_FOUND', `${what} not found`, hint === undefined ? {} : { hint });
}

/** The answer to anything thrown. Status 500 means that `error` is for the log. */
export function errorAnswer(error: unknown): { readonly status: ErrorStatus; readonly body: ErrorBody } {
  if (!(error instanceof SallyportError)) {
    return { status: 500, body: { code: 'SP_INTERNAL', message: 'internal error; the log of the mesh says more' } };
  }
  const body: ErrorBody = {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error instanceof InvalidObjectError ? { diagnostics: error.diagnostics } : {}),
  };
  return { status: statusOfCode.get(error.code) ?? 500, body };
}
