// From a plain value to an object of a known kind: the one gate through which everything written by people comes,
// from a file or over the API. Invariant: what leaves here has passed its kind's schema, has the stored apiVersion
// and, if its kind is namespaced, a namespace.
import { z } from 'zod';
import { didYouMean } from './closest-word.ts';
import { problem, warning } from './finding.ts';
import { type Finding, type Kind, storedApiVersion } from './kind.ts';
import { unservedKinds } from './kinds/unserved-kinds.ts';
import { findKind, kinds } from './kinds.ts';
import { metadataSchema } from './metadata.ts';
import { groupOf, type KubeObject, resourceName } from './object.ts';
import { noteFitting } from './parse-object.ts';
import { findingsOfIssues } from './schema-issues.ts';
import { describeValue, messageOfIssue, shorten } from './schema-messages.ts';
import { withoutNulls } from './without-nulls.ts';

export const mostFindings = 100;

export interface CheckedObject {
  /** Only when there is no error among the findings. */
  readonly object?: KubeObject;
  readonly kind?: Kind;
  /** `ServiceEntry/default/httpbin`, as far as it is known; else ''. */
  readonly resource: string;
  readonly findings: readonly Finding[];
}

type Mapping = Readonly<Record<string, unknown>>;

/** `namespace` is given to a namespaced object that names none. */
export type CheckObject = (given: unknown, namespace: string) => CheckedObject;

export const checkObject: CheckObject = (given, namespace) => check(given, namespace, checkAgainst);

/** Of an object that is only meant: its kind, namespace and name, which is all that it has then. The rest may be anything. */
export const checkReference: CheckObject = (given, namespace) => check(given, namespace, checkName);

function check(given: unknown, namespace: string, checkPlaced: typeof checkAgainst): CheckedObject {
  const cleaned = withoutNulls(given);
  if (cleaned.tooDeep !== undefined) return { resource: '', findings: [cleaned.tooDeep] };
  const { value } = cleaned;
  if (!isMapping(value)) {
    const finding = problem(
      'SP0101',
      [],
      `expected an object, got ${describeValue(value)}`,
      'start with apiVersion and kind',
    );
    return { resource: '', findings: [finding] };
  }
  const found = kindOf(value);
  const resource = resourceOf(value, found.kind, namespace);
  const { kind } = found;
  if (kind === undefined) return { resource, findings: found.findings };
  const placed = placeObject(value, kind, namespace);
  const checked = checkPlaced(kind, placed.value);
  const findings = limited([...found.findings, ...placed.findings], checked.findings);
  const object = findings.some(isError) || checked.object === undefined ? {} : { object: checked.object };
  return { kind, resource, findings, ...object };
}

/** The kind a value says it is, or why there is none. */
function kindOf(value: Mapping): { readonly kind?: Kind; readonly findings: readonly Finding[] } {
  const { apiVersion, kind: kindName } = value;
  const findings = [...checkHeader('apiVersion', apiVersion), ...checkHeader('kind', kindName)];
  if (typeof apiVersion !== 'string' || typeof kindName !== 'string' || findings.length > 0) return { findings };
  const kind = findKind(groupOf(apiVersion), kindName);
  if (kind === undefined) return { findings: [unknownKind(apiVersion, kindName)] };
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  if (kind.versions.includes(version)) return { kind, findings: [] };
  const message = `${kindName} has no version '${shorten(version)}'`;
  return { kind, findings: [problem('SP0103', ['apiVersion'], message, `write ${apiVersionsOf(kind)}`)] };
}

function* checkHeader(field: string, value: unknown): Iterable<Finding> {
  if (value === undefined) yield problem('SP0106', [field], 'is required');
  else if (typeof value !== 'string') yield problem('SP0105', [field], `expected a text, got ${describeValue(value)}`);
}

function unknownKind(apiVersion: string, kindName: string): Finding {
  const namesake = kinds.find((kind) => kind.kind === kindName);
  if (namesake !== undefined) {
    const message = `there is no ${kindName} in '${shorten(apiVersion)}'`;
    return problem('SP0102', ['apiVersion'], message, `write ${apiVersionsOf(namesake)}`);
  }
  const unserved = unservedKinds.get(kindName);
  if (unserved !== undefined)
    return problem('SP0102', ['kind'], `kind ${kindName} is not served: ${unserved.reason}`, unserved.mend);
  const names = kinds.map((kind) => kind.kind);
  const hint = didYouMean(kindName, names) ?? `known kinds: ${names.join(', ')}`;
  return problem('SP0102', ['kind'], `unknown kind '${shorten(kindName)}'`, hint);
}

function apiVersionsOf({ group, versions }: Kind): string {
  return versions.map((version) => (group === '' ? version : `${group}/${version}`)).join(' or ');
}

/** Gives the object its stored apiVersion and its namespace. */
function placeObject(value: Mapping, kind: Kind, namespace: string): { value: Mapping; findings: readonly Finding[] } {
  const { metadata } = value;
  const stored = { ...value, apiVersion: storedApiVersion(kind) };
  if (!isMapping(metadata)) return { value: stored, findings: [] };
  if (kind.namespaced) {
    return {
      value: { ...stored, metadata: { ...metadata, namespace: metadata['namespace'] ?? namespace } },
      findings: [],
    };
  }
  const { namespace: given, ...rest } = metadata;
  if (given === undefined) return { value: stored, findings: [] };
  const message = `a ${kind.kind} is in no namespace`;
  const finding = warning('SP0205', ['metadata', 'namespace'], message, 'remove the field');
  return { value: { ...stored, metadata: rest }, findings: [finding] };
}

function checkAgainst(kind: Kind, value: Mapping): { object?: KubeObject; findings: Iterable<Finding> } {
  const parsed = kind.schema.safeParse(value, { error: messageOfIssue });
  if (!parsed.success) return { findings: findingsOfIssues(kind.schema, value, parsed.error.issues) };
  noteFitting(kind.schema, parsed.data);
  return { object: parsed.data, findings: kind.validate(parsed.data) };
}

const { name, namespace } = metadataSchema.shape;
const referenceSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({ name, namespace }),
});

function checkName(_: Kind, value: Mapping): { object?: KubeObject; findings: Iterable<Finding> } {
  const parsed = referenceSchema.safeParse(value, { error: messageOfIssue });
  if (!parsed.success) return { findings: findingsOfIssues(referenceSchema, value, parsed.error.issues) };
  return { object: parsed.data, findings: [] };
}

/** Thousands of mistakes help nobody, and each one's place has to be looked for. */
function limited(first: readonly Finding[], rest: Iterable<Finding>): readonly Finding[] {
  const findings = [...first];
  for (const finding of rest) {
    if (findings.length >= mostFindings) {
      return [...findings, problem('SP0110', [], `has more than ${mostFindings} mistakes`, 'mend the first ones')];
    }
    findings.push(finding);
  }
  return findings;
}

function resourceOf(value: Mapping, kind: Kind | undefined, namespace: string): string {
  const { metadata } = value;
  const name = isMapping(metadata) ? metadata['name'] : undefined;
  const kindName = kind?.kind ?? value['kind'];
  if (!isMapping(metadata) || typeof name !== 'string' || typeof kindName !== 'string') return '';
  const given = metadata['namespace'];
  const place = kind?.namespaced === false ? '' : typeof given === 'string' ? given : namespace;
  return resourceName({ group: '', kind: shorten(kindName), namespace: shorten(place), name: shorten(name) });
}

function isError(finding: Finding): boolean {
  return finding.severity === 'error';
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
