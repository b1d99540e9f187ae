// User mistakes as values. A Diagnostic says what is wrong, where, and what to do; the CLI, the API, an
// object's status and the dashboard all show the same one. Exceptions are for bugs and I/O.

export type Severity = 'error' | 'warning' | 'info';

/** A place in a file the user wrote; line and column count from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Diagnostic {
  readonly severity: Severity;
  /** Stable, e.g. `SP0101`; docs/diagnostics.md lists them. */
  readonly code: string;
  /** `ServiceEntry/default/httpbin`, or empty where there is no object yet. */
  readonly resource: string;
  /** `spec.ports[0].protocol`, or empty for the whole object. */
  readonly path: string;
  readonly source?: SourceLocation;
  readonly message: string;
  /** The mend: what to do about it. */
  readonly hint?: string;
}

/** One line, the shape every command prints: `file:line:column Kind/ns/name path: what is wrong; what to do`. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { source, resource, path, message, hint } = diagnostic;
  const place = source === undefined ? '' : `${source.file}:${source.line}:${source.column} `;
  const subject = [resource, path].filter((part) => part !== '').join(' ');
  return `${place}${subject === '' ? '' : `${subject}: `}${message}${hint === undefined ? '' : `; ${hint}`}`;
}

export function hasErrors(diagnostics: Iterable<Diagnostic>): boolean {
  for (const diagnostic of diagnostics) if (diagnostic.severity === 'error') return true;
  return false;
}
