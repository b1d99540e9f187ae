// The body of suggestions, as the OpenAPI document has it.
import { z } from 'zod';
import type { SuggestionsBody } from '../wire.ts';
import { componentSchema } from './components.ts';
import { objectSchema } from './object-schema.ts';
import { timeSchema } from './traffic-schema.ts';

const count = z.int().min(0);
const namespace = z.string().describe('of those who called it');
const workloads = z.array(z.string()).describe('who called it');

const suggestion = componentSchema(
  'Suggestion',
  z.strictObject({
    namespace,
    host: z.string().describe('a name, an address, or a wildcard'),
    port: z.int().min(1).max(65_535),
    protocol: z.enum(['HTTP', 'GRPC', 'TLS', 'TCP']).describe('as it was spoken; TCP to what is called by its address'),
    workloads,
    requests: count,
    connections: count,
    blocked: z.boolean().describe('whether some of it was stopped'),
    firstSeen: timeSchema,
    lastSeen: timeSchema,
    object: z.string().describe('of `objects`, the one that lets it through: kind/namespace/name'),
    note: z.string().exactOptional().describe('what of the port it would stop'),
  }),
);

export const suggestionsSchema = componentSchema(
  'Suggestions',
  z.strictObject({
    suggestions: z.array(suggestion),
    objects: z
      .array(
        z.strictObject({
          object: objectSchema.describe('to be applied as it is'),
          existing: objectSchema
            .exactOptional()
            .describe('as it is stored now, where it is there: more is added to it'),
        }),
      )
      .describe('in the order in which suggestions name them'),
    leftOut: z
      .array(
        z.strictObject({
          namespace,
          host: z.string(),
          port: z.int().min(0).max(65_535).describe('0 where it is not known'),
          workloads,
          reason: z.string().describe('why nothing is suggested for it'),
        }),
      )
      .describe('seen and unregistered all the same'),
  }),
) satisfies z.ZodType<SuggestionsBody>;
