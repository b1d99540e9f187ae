// What a schema refused, as findings: one for each mistake, with its code and the nearest right word.
import type { z } from 'zod';
import { didYouMean } from './closest-word.ts';
import { type DiagnosticCode, diagnosticCodes } from './diagnostic-codes.ts';
import { type FieldPath, problem } from './finding.ts';
import type { Finding } from './kind.ts';
import { knownFields } from './schema-fields.ts';
import { describeValue, shorten } from './schema-messages.ts';

/** `value` is what was parsed. Lazy: whoever reads only some findings pays only for those. */
export function* findingsOfIssues(
  schema: z.ZodType,
  value: unknown,
  issues: readonly z.core.$ZodIssue[],
): Iterable<Finding> {
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      const path = pathOf(issue);
      for (const key of issue.keys) yield unknownField(schema, path, key);
      continue;
    }
    const meant = issue.code === 'invalid_union' ? issuesOfMapping(value, issue) : undefined;
    if (meant === undefined) yield findingOfIssue(value, issue);
    else yield* findingsOfIssues(schema, value, meant);
  }
}

/** Where one form of several is a mapping and a mapping is given, what is wrong is within. */
function issuesOfMapping(value: unknown, issue: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const given = valueAt(value, pathOf(issue));
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined;
  const within = issue.errors.find((issues) =>
    issues.every(({ code, path }) => code !== 'invalid_type' || path.length > 0),
  );
  return within?.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
}

function findingOfIssue(value: unknown, issue: z.core.$ZodIssue): Finding {
  const path = pathOf(issue);
  const given = valueAt(value, path);
  switch (issue.code) {
    case 'invalid_type':
    case 'invalid_union':
      if (given === undefined) return problem('SP0106', path, 'is required');
      return problem('SP0105', path, issue.message, typeHint(issue, given));
    case 'invalid_value':
      if (given === undefined) return problem('SP0106', path, issue.message);
      return problem('SP0107', path, issue.message, didYouMean(String(given), issue.values.map(String)));
    case 'too_small':
    case 'too_big':
      return problem('SP0108', path, issue.message);
    case 'custom':
      return problem(codeOf(issue.params), path, issue.message, hintOf(issue.params));
    default:
      return problem('SP0109', path, issue.message);
  }
}

function pathOf(issue: z.core.$ZodIssue): FieldPath {
  return issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
}

function unknownField(schema: z.ZodType, path: FieldPath, key: string): Finding {
  const known = knownFields(schema, path);
  const hint = didYouMean(key, known) ?? (known.length > 0 && known.length <= 12 ? `known: ${known.join(', ')}` : '');
  return problem('SP0104', [...path, key], `unknown field '${shorten(key)}'`, hint === '' ? 'remove it' : hint);
}

function typeHint(issue: z.core.$ZodIssue, given: unknown): string | undefined {
  if (issue.code !== 'invalid_type') return undefined;
  if (issue.expected === 'string' && (typeof given === 'number' || typeof given === 'boolean')) {
    return `put it in quotes: "${given}"`;
  }
  if (issue.expected === 'array') return `write a list: [${typeof given === 'string' ? shorten(given) : '…'}]`;
  if (typeof given === 'string' && (issue.expected === 'number' || /^\d+$/.test(given))) {
    return `remove the quotes from ${describeValue(given)}`;
  }
  return undefined;
}

function codeOf(params: unknown): DiagnosticCode {
  const code = property(params, 'code');
  return typeof code === 'string' && isCode(code) ? code : 'SP0105';
}

function hintOf(params: unknown): string | undefined {
  const hint = property(params, 'hint');
  return typeof hint === 'string' ? hint : undefined;
}

function isCode(text: string): text is DiagnosticCode {
  return Object.hasOwn(diagnosticCodes, text);
}

function valueAt(value: unknown, path: FieldPath): unknown {
  let current = value;
  for (const part of path) current = property(current, part);
  return current;
}

function property(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}
