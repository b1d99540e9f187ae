// Anything thrown, as lines for a person: `error: what is wrong`, then what to do. Never a stack, never more than
// a screen.
import { type Diagnostic, formatDiagnostic } from '../platform/diagnostic.ts';
import { messageOf, SallyportError } from '../platform/errors.ts';
import { ApiError } from './api-client.ts';

const maxDiagnostics = 20;
const maxLength = 800;

export function errorLines(error: unknown): readonly string[] {
  if (!(error instanceof SallyportError)) {
    const what = shorten(messageOf(error).split('\n')[0] ?? '');
    return [`error: ${what}`, 'this is a defect of sallyport; please report it with the command you ran'];
  }
  const diagnostics = error instanceof ApiError ? error.diagnostics : [];
  return [
    `error: ${shorten(error.message)}`,
    ...diagnosticLines(diagnostics),
    ...(error.hint === undefined ? [] : [shorten(error.hint)]),
  ];
}

/** The first of them, one line each, and how many more there are. */
export function diagnosticLines(diagnostics: readonly Diagnostic[]): readonly string[] {
  const lines = diagnostics.slice(0, maxDiagnostics).map((one) => shorten(`${one.severity}: ${formatDiagnostic(one)}`));
  const more = diagnostics.length - maxDiagnostics;
  return more > 0 ? [...lines, `… and ${more} more`] : lines;
}

/** Of what is stored all the same: as kubectl shows an API server's warnings. What is only told is left to `analyze`. */
export function warningsOf(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity !== 'info').map((one) => ({ ...one, severity: 'warning' }));
}

function shorten(text: string): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}
