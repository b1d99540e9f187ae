// Which fields a schema knows at a place: the words that a mistyped field is compared with.
import { z } from 'zod';
import type { FieldPath } from './finding.ts';
import { valueSchemaOf } from './schema-map.ts';

/** Empty where the schema is no mapping of known fields. */
export function knownFields(schema: z.ZodType, path: FieldPath): readonly string[] {
  let current: unknown = unwrapped(schema);
  for (const part of path) {
    if (current instanceof z.ZodObject) {
      const shape: Readonly<Record<string, unknown>> = current.shape;
      current = Object.hasOwn(shape, part) ? unwrapped(shape[part]) : undefined;
    } else if (current instanceof z.ZodArray) current = unwrapped(current.element);
    else if (current instanceof z.ZodRecord) current = unwrapped(current.valueType);
    else current = typeof current === 'object' && current !== null ? unwrapped(valueSchemaOf(current)) : undefined;
  }
  return current instanceof z.ZodObject ? Object.keys(current.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodExactOptional ? unwrapped(schema.unwrap()) : schema;
}
