// User mistakes as values. A Diagnostic says what is wrong, where, and what to do; the CLI, the API, an
// object's status and the dashboard all show the same one. Exceptions are for bugs and I/O.

export type Severity = 'error' | 'warning' | 'info';

/** A place in a file the user wrote; line and column count from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Another object that a diagnostic speaks of: the other half of a contradiction. */
export interface RelatedPlace {
  /** `ServiceEntry/default/httpbin` */
  readonly resource: string;
  readonly path: string;
  readonly source?: SourceLocation;
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
  /** The message names them; here is where they stand. */
  readonly related?: readonly RelatedPlace[];
}

/** One line, the shape every command prints: `file:line:column Kind/ns/name path: what is wrong; what to do`. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { source, resource, path, message, hint, related = [] } = diagnostic;
  const place = source === undefined ? '' : `${formatSource(source)} `;
  const subject = [resource, path].filter((part) => part !== '').join(' ');
  const elsewhere = related.flatMap((other) =>
    other.source === undefined ? [] : [`${other.resource} at ${formatSource(other.source)}`],
  );
  const text = `${place}${subject === '' ? '' : `${subject}: `}${message}${hint === undefined ? '' : `; ${hint}`}`;
  return elsewhere.length === 0 ? text : `${text} (${elsewhere.join(', ')})`;
}

export function formatSource({ file, line, column }: SourceLocation): string {
  return `${file}:${line}:${column}`;
}

/** Of `found` what is not among `said`. */
export function notYetSaid(found: readonly Diagnostic[], said: Iterable<Diagnostic>): readonly Diagnostic[] {
  const known = new Set(Array.from(said, diagnosticIdentity));
  return found.filter((one) => !known.has(diagnosticIdentity(one)));
}

/** The same for what is said of the same field, whoever says it and wherever it is written. */
function diagnosticIdentity({ resource, code, path }: Diagnostic): string {
  return `${resource} ${code} ${path}`;
}

export function hasErrors(diagnostics: Iterable<Diagnostic>): boolean {
  for (const diagnostic of diagnostics) if (diagnostic.severity === 'error') return true;
  return false;
}
