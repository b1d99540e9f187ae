// Pieces that schemas of several kinds are made of. Schemas neither transform nor fill in: what comes out is what
// the user wrote. A mistake within one field is reported here, so that it is found even where others are wrong;
// what concerns several fields is the kind's `validate`.
import { z } from 'zod';
import { problem } from './finding.ts';
import type { Finding } from './kind.ts';
import { describeType, describeValue } from './schema-messages.ts';

/** Adds checks of one's own to a schema; they run once the value has the schema's type. */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  check: (value: z.output<Schema>) => Iterable<Finding>,
): Schema {
  return schema.superRefine((value, context) => {
    for (const { code, path, message, hint } of check(value)) {
      context.addIssue({ code: 'custom', path: [...path], message, params: { code, hint } });
    }
  });
}

/** A field of Kubernetes that is accepted as it is and has no effect here. */
export const passed = z.unknown().exactOptional();

/** Turns a list of names into fields that are `passed`. */
export function passedFields<const Name extends string>(names: readonly Name[]): Record<Name, typeof passed> {
  const fields: Partial<Record<Name, typeof passed>> = {};
  for (const name of names) fields[name] = passed;
  return fields as Record<Name, typeof passed>;
}

function isMapping(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Texts by key. Not zod's record, which drops a key named `__proto__`. Its messages show no value: it may be a Secret's.
 */
export const stringMap = checked(
  z.custom<Readonly<Record<string, string>>>(isMapping, {
    error: (issue) => `expected a mapping of texts, got ${describeType(issue.input)}`,
  }),
  (map) => nonTexts(map),
);

function* nonTexts(map: Readonly<Record<string, unknown>>): Iterable<Finding> {
  for (const [key, value] of Object.entries(map)) {
    if (typeof value === 'string') continue;
    const hint = typeof value === 'object' ? undefined : 'put it in quotes';
    yield problem('SP0105', [key], `expected a text, got ${describeType(value)}`, hint);
  }
}

export const portNumber = z.int().refine((port) => port >= 1 && port <= 65535, {
  error: (issue) => `port number ${String(issue.input)} must be in the range 1..65535`,
  params: { code: 'SP0108' },
});

/** `8080` or the name of a port. */
export const portNumberOrName = z.union([z.int(), z.string()], {
  error: (issue) => `expected a port number or a port name, got ${describeValue(issue.input)}`,
});

export const textList = z.array(z.string());
