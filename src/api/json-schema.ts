// The JSON Schema (2020-12) of a kind, from the schema that decides what is accepted: for editors, for the HTTP API's
// description, and later for CRDs. It says structure and types; what concerns several fields is said by `validate` alone.
// Invariant: no references, and no object that both lists fields and takes others, which Kubernetes would refuse.
import { z } from 'zod';
import { type Kind, storedApiVersion } from './kind.ts';
import { valueSchemaOf } from './schema-map.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

export function jsonSchemaOf(kind: Kind): JsonSchema {
  const { $schema: _dialect, ...schema } = toJsonSchema(kind.schema);
  const versions = kind.versions.map((version) => (kind.group === '' ? version : `${kind.group}/${version}`));
  const properties = {
    ...Object(schema['properties']),
    apiVersion: { type: 'string', enum: versions, default: storedApiVersion(kind) },
    kind: { type: 'string', const: kind.kind },
  };
  return { ...schema, properties };
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  // What only code can check is any value here.
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', reused: 'inline', override });
}

/** The bounds of JavaScript's whole numbers, which zod gives every integer, say nothing of ours. */
export function withoutSafeBounds({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

function override(made: Parameters<NonNullable<z.core.ToJSONSchemaParams['override']>>[0]): void {
  withoutSafeBounds(made);
  const { zodSchema, jsonSchema } = made;
  const values = valueSchemaOf(zodSchema);
  if (!(values instanceof z.ZodType)) return;
  const { $schema: _dialect, ...additionalProperties } = toJsonSchema(values);
  Object.assign(jsonSchema, { type: 'object', additionalProperties });
}
