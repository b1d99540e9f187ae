// The one error class for what a person can mend outside the configuration: I/O, rights, a port in use.
// The CLI prints `message` and `hint` as one sentence each, never a stack. Anything else thrown is a bug.

export interface SallyportErrorOptions {
  /** What to do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** The process's exit code when this ends a command: 1 failure, 2 wrong usage. */
  readonly exitCode?: 1 | 2;
}

export class SallyportError extends Error {
  /** Stable, e.g. `SP_PORT_IN_USE`. */
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: 1 | 2;

  constructor(code: string, message: string, options: SallyportErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SallyportError';
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The `code` of a Node system error (`ENOENT`), if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
