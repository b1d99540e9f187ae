// The OpenAPI 3.1 document of the whole HTTP API, made from the lists of operations and the schemas that read queries and
// describe bodies. Pure.
import { z } from 'zod';
import { jsonSchemaOf, withoutSafeBounds } from '../../api/json-schema.ts';
import { kinds } from '../../api/kinds.ts';
import { componentSchemas, schemaReference } from '../schemas/components.ts';
import { errorSchema } from '../schemas/mesh-schema.ts';
import { configTypes } from '../wire.ts';
import { meshOperations } from './mesh-operations.ts';
import { objectOperations } from './object-operations.ts';
import { type Answer, json, type Operation } from './operation.ts';

/** Of every request there is. */
export const operations: readonly Operation[] = [...meshOperations, ...objectOperations];

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>>; readonly securitySchemes: unknown };
}

const description =
  'Over the Unix socket everything; over TCP reading without secrets, and changing with the cookie and the token that ' +
  'come with the page. A foreign Host, and a change with a foreign Origin, are refused with 403 on every path.';

export function openApiDocument(version: string): OpenApiDocument {
  const paths = new Map<string, Record<string, unknown>>();
  for (const operation of operations) {
    paths.set(operation.path, { ...paths.get(operation.path), [operation.method]: operationObject(operation) });
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Sallyport', version, description },
    paths: Object.fromEntries(paths),
    components: {
      schemas: { ...componentSchemas(), ...kindSchemas() },
      securitySchemes: {
        cookie: { type: 'apiKey', in: 'cookie', name: 'sallyport_session' },
        token: { type: 'apiKey', in: 'header', name: 'X-Sallyport-Session' },
      },
    },
  };
}

/** Of what `Object` stands for, kind by kind, as it is accepted. */
function kindSchemas(): Readonly<Record<string, unknown>> {
  return Object.fromEntries(kinds.map((kind) => [`kinds.${kind.kind}`, jsonSchemaOf(kind)]));
}

function operationObject(operation: Operation): Readonly<Record<string, unknown>> {
  const { method, summary, body, answers, refusals = [] } = operation;
  const statuses = [400, 403, ...refusals].sort();
  return {
    summary,
    // Over TCP both together; the Unix socket needs neither.
    ...(method === 'get' ? {} : { security: [{ cookie: [], token: [] }, {}] }),
    parameters: parametersOf(operation),
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(json(body)) } }),
    responses: Object.fromEntries([
      ['200', { description: 'done', content: contentOf(answers) }],
      ...statuses.map((status) => [String(status), { description: 'refused', content: contentOf(json(errorSchema)) }]),
    ]),
  };
}

/** Of a stream the schema is that of each line, or of the data of each message. */
function contentOf(answers: readonly Answer[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    answers.map(({ type, schemas = [] }) => {
      const [first, ...others] = schemas.map(schemaReference);
      if (first === undefined) return [type, {}];
      return [type, { schema: others.length === 0 ? first : { oneOf: [first, ...others] } }];
    }),
  );
}

function parametersOf({ path, query, headers = {} }: Operation): readonly unknown[] {
  return [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
      name,
      in: 'path',
      required: true,
      schema: name === 'type' ? { enum: configTypes } : { type: 'string' },
    })),
    ...(query === undefined ? [] : queryParameters(query)),
    ...Object.entries(headers).map(([name, text]) => ({
      name,
      in: 'header',
      description: text,
      schema: { type: 'string' },
    })),
  ];
}

function queryParameters(query: z.ZodObject): readonly unknown[] {
  const { properties = {} } = z.toJSONSchema(query, { io: 'input', override: withoutSafeBounds });
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }));
}
