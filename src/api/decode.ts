// Manifests -> objects. Every mistake is a diagnostic with file, line and column; one bad object hides no other.
import type { Diagnostic } from '../platform/diagnostic.ts';
import { type CheckObject, checkObject, mostFindings } from './check-object.ts';
import type { DiagnosticCode } from './diagnostic-codes.ts';
import { type FieldPath, type Locate, problem, toDiagnostic } from './finding.ts';
import type { Finding, Kind } from './kind.ts';
import { listItems } from './list.ts';
import type { KubeObject } from './object.ts';
import { decodeUtf8 } from './utf8.ts';
import { offsetOf } from './yaml-place.ts';
import { readYamlDocuments, type TextMistake, type YamlDocument } from './yaml-text.ts';
import { createFindPlace, type FindPlace } from './yaml-tree.ts';
import { readYamlValue } from './yaml-value.ts';

export interface DecodedObject {
  readonly object: KubeObject;
  readonly kind: Kind;
  /** Or the nearest field around it. Holds the text, and no more. */
  readonly locate: Locate;
}

export interface Decoded {
  /** Objects without errors, in the order of the text. */
  readonly objects: readonly DecodedObject[];
  /** By object, in the order of the text; warnings too. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads YAML (any number of documents, `List`s unpacked) or JSON. `file` names the source in diagnostics, `namespace`
 * is given to namespaced objects that name none. Never throws for what the text says.
 */
export function decodeManifests(text: string, file: string, namespace = 'default', check = checkObject): Decoded {
  const objects: DecodedObject[] = [];
  const diagnostics: Diagnostic[] = [];
  let errors = 0;
  for (const document of readYamlDocuments(text, file)) {
    const decoded = decodeDocument(document, namespace, check);
    for (const object of decoded.objects) objects.push(object);
    for (const diagnostic of decoded.diagnostics) diagnostics.push(diagnostic);
    errors += decoded.diagnostics.filter(isError).length;
    if (errors <= mostErrors) continue;
    const finding = problem('SP0110', [], `the file has more than ${mostErrors} mistakes`, 'mend the first ones');
    return { objects, diagnostics: [...diagnostics, toDiagnostic(finding, '', document.place(0))] };
  }
  return { objects, diagnostics };
}

/** Of a file: what comes after one more is not read. */
const mostErrors = 1000;

function isError({ severity }: Diagnostic): boolean {
  return severity === 'error';
}

/** The same from a file's bytes, which have to be UTF-8. */
export function decodeManifestBytes(
  bytes: Uint8Array,
  file: string,
  namespace = 'default',
  check = checkObject,
): Decoded {
  const decoded = decodeUtf8(bytes);
  if (typeof decoded === 'string') return decodeManifests(decoded, file, namespace, check);
  const finding = problem('SP0001', [], 'the file is not UTF-8 text', 'save it as UTF-8');
  return { objects: [], diagnostics: [toDiagnostic(finding, '', { file, ...decoded })] };
}

/** One object that came as JSON over the API: no places, else the same. */
export function decodeObject(
  value: unknown,
  fallbackNamespace = 'default',
): { readonly object?: KubeObject; readonly kind?: Kind; readonly diagnostics: readonly Diagnostic[] } {
  const { object, kind, resource, findings } = checkObject(value, fallbackNamespace);
  const diagnostics = findings.map((finding) => toDiagnostic(finding, resource));
  return { diagnostics, ...(object === undefined ? {} : { object }), ...(kind === undefined ? {} : { kind }) };
}

function decodeDocument(
  { document, mistakes, place, again }: YamlDocument,
  namespace: string,
  check: CheckObject,
): Decoded {
  const ofText = (mistake: TextMistake) => toDiagnostic(mistake.finding, '', place(mistake.offset));
  const root = document?.contents;
  if (root === undefined || root === null) return { objects: [], diagnostics: mistakes.map(ofText) };
  const { value, mistakes: inValues, targets } = readYamlValue(root);
  const objects: DecodedObject[] = [];
  const diagnostics = inValues.slice(0, mostFindings).map(ofText);
  const unreadable = inValues.length > mostFindings;
  if (unreadable) {
    const finding = problem('SP0110', [], `has more than ${mostFindings} mistakes`, 'mend the first ones');
    diagnostics.push(toDiagnostic(finding, '', place(0)));
  }
  if (value === null || value === undefined) return { objects, diagnostics };
  const items = listItems(value);
  const findPlace = createFindPlace({ root, targets, place }, again);
  const starts = items.map((item) => offsetOf(root, targets, item.path, 'value'));
  let errors = 0;
  for (const [index, item] of items.entries()) {
    const { object, kind, resource, findings } = check(item.value, namespace);
    const found = findings.map((finding) =>
      toDiagnostic(finding, resource, findPlace([...item.path, ...finding.path], placeOf(finding))),
    );
    diagnostics.push(...found.toSorted(byPlace));
    errors += found.filter(isError).length;
    if (errors > mostErrors) break;
    const [start = 0, end = Number.POSITIVE_INFINITY] = [starts[index], starts[index + 1]];
    const readWhole = !unreadable && !inValues.some(({ offset }) => offset >= start && offset < end);
    if (object !== undefined && kind !== undefined && readWhole)
      objects.push({ object, kind, locate: locatorOf(findPlace, item.path) });
  }
  return { objects, diagnostics };
}

/** Apart, so that it shares no scope with the tree. */
function locatorOf(findPlace: FindPlace, base: FieldPath): Locate {
  return (path) => findPlace([...base, ...path], 'value');
}

/** An unknown field is wrong by its name, all else by its value. */
function placeOf(finding: Finding): 'key' | 'value' {
  return finding.code === ('SP0104' satisfies DiagnosticCode) ? 'key' : 'value';
}

function byPlace(left: Diagnostic, right: Diagnostic): number {
  const [from, to] = [left.source, right.source];
  if (from === undefined || to === undefined) return 0;
  return from.line - to.line || from.column - to.column;
}
