// The named schemas of the OpenAPI document. A schema that bears a name is referred to by it wherever it stands.
import { z } from 'zod';
import { withoutSafeBounds } from '../../api/json-schema.ts';

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

/** `{"$ref": …}` to a named schema. Throws for one without a name: a mistake of ours. */
export function schemaReference(schema: z.ZodType): { readonly $ref: string } {
  const id = components.get(schema)?.id;
  if (id === undefined) throw new Error('a body has no named schema');
  return { $ref: `${place}${id}` };
}
