// The data of the event stream's messages, by their event.
import { z } from 'zod';
import { componentSchema } from './components.ts';
import { timeSchema } from './traffic-schema.ts';

export const eventTopics = ['decisions', 'flows', 'alerts', 'proxies', 'objects', 'diagnostics'] as const;

export const changedSchema = componentSchema(
  'Changed',
  z.strictObject({ at: timeSchema.describe('since then it is not what it was; ask again') }),
);

export const proxyEventsSchema = componentSchema(
  'ProxyEvents',
  z.strictObject({
    proxies: z
      .array(
        z.strictObject({
          namespace: z.string(),
          name: z.string(),
          workload: z.string(),
          version: z.string(),
          connectedAt: z.string(),
          state: z.enum(['SYNCED', 'STALE', 'ERROR', 'NOT_SENT']).describe('the worst of its types'),
        }),
      )
      .describe('those that came or changed; all of them in the first message'),
    gone: z.array(z.strictObject({ namespace: z.string(), name: z.string() })),
  }),
);

export const objectEventsSchema = componentSchema(
  'ObjectEvents',
  z.strictObject({
    resourceVersion: z.string().describe('of the transaction; of the first message: where the stream begins'),
    events: z.array(
      z.strictObject({
        type: z.enum(['ADDED', 'MODIFIED', 'DELETED']),
        group: z.string(),
        kind: z.string(),
        namespace: z.string().describe('empty on cluster-scoped kinds'),
        name: z.string(),
        resourceVersion: z.string(),
      }),
    ),
  }),
);

export const droppedSchema = componentSchema(
  'Dropped',
  z.strictObject({
    topic: z.enum(['decisions', 'objects']),
    messages: z.int().min(1).describe('decisions or transactions that this reader missed'),
  }),
);
