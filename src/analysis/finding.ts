// What the analysis finds: a finding like any other, which may name the other object of a contradiction as well.
import { type FieldPath, formatPath, type Locate, toDiagnostic } from '../api/finding.ts';
import type { Finding } from '../api/kind.ts';
import type { Diagnostic, RelatedPlace } from '../platform/diagnostic.ts';

export interface RelatedObject {
  /** `ServiceEntry/default/httpbin` */
  readonly resource: string;
  readonly path: FieldPath;
}

export interface CrossFinding extends Finding {
  readonly related?: readonly RelatedObject[];
}

/** The finding with the objects that its message names. */
export function about(finding: Finding, ...resources: readonly string[]): CrossFinding {
  return { ...finding, related: [...new Set(resources)].map((resource) => ({ resource, path: [] })) };
}

/** `locate`: of an object by its name; undefined where no file is known. */
export function crossDiagnostic(
  { related = [], ...finding }: CrossFinding,
  resource: string,
  locate: (resource: string) => Locate | undefined = () => undefined,
): Diagnostic {
  const diagnostic = toDiagnostic(finding, resource, locate(resource)?.(finding.path));
  if (related.length === 0) return diagnostic;
  const others = related.map((other): RelatedPlace => {
    const source = locate(other.resource)?.(other.path);
    const place = { resource: other.resource, path: formatPath(other.path) };
    return source === undefined ? place : { ...place, source };
  });
  return { ...diagnostic, related: others };
}
