// The named schemas of the OpenAPI document. A schema that bears a name is referred to by it wherever it stands.
import { z } from 'zod';

const components = z.registry<{ id: string }>();

/** The same schema, listed under a name. */
export function componentSchema<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  components.add(schema, { id });
  return schema;
}

const place = '#/components/schemas/';

/** All of them as JSON Schema 2020-12, by name. */
export function componentSchemas(): Readonly<Record<string, unknown>> {
  const { schemas } = z.toJSONSchema(components, { uri: (id) => `${place}${id}`, override: withoutSafeBounds });
  // OpenAPI says the dialect once, and the place is what the document has.
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema: _, $id: __, ...schema }]) => [id, schema]));
}

/** The bounds of JavaScript's whole numbers, which zod gives every integer, say nothing of ours. */
export function withoutSafeBounds({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

/** `{"$ref": …}` to a named schema. Throws for one without a name: a mistake of ours. */
export function schemaReference(schema: z.ZodType): { readonly $ref: string } {
  const id = components.get(schema)?.id;
  if (id === undefined) throw new Error('a body has no named schema');
  return { $ref: `${place}${id}` };
}
