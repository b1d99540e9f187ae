// A mapping from texts that people chose to values of one schema. Not zod's record, which drops a key named
// `__proto__`: a condition that is dropped widens the rule it stands in.
import { z } from 'zod';
import { describeType, messageOfIssue } from './schema-messages.ts';

function isMapping(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function mapOf<Value>(schema: z.ZodType<Value>) {
  const mapping = z.custom<Readonly<Record<string, Value>>>(isMapping, {
    error: (issue) => `expected a mapping, got ${describeType(issue.input)}`,
  });
  const map = mapping.superRefine((given, context) => {
    for (const [key, value] of Object.entries(given)) {
      const parsed = schema.safeParse(value, { error: messageOfIssue });
      for (const issue of parsed.error?.issues ?? []) context.addIssue({ ...issue, path: [key, ...issue.path] });
    }
  });
  valueSchemas.set(map, schema);
  return map;
}

const valueSchemas = new WeakMap<object, z.ZodType>();

/** Undefined for a schema that `mapOf` did not make. */
export function valueSchemaOf(map: object): z.ZodType | undefined {
  return valueSchemas.get(map);
}
