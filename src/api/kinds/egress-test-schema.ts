// Structure of egress.sallyport.dev EgressTest: what a workload must be able to reach and what not, as its owner means it. It
// changes nothing in the mesh; `sallyport test` holds it against what the mesh would do.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import { labelMap, metadataSchema } from '../metadata.ts';
import { stringMap } from '../schema-parts.ts';

const call = z.strictObject({
  url: z.string(),
  method: z.string().exactOptional(),
  headers: stringMap.exactOptional(),
});

const way = z.strictObject({
  ...call.shape,
  through: z.string().exactOptional(),
  tls: z.enum(['as-sent', 'originated']).exactOptional(),
});

const error = 'expected a URL, or a mapping with url';

export const egressTestSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.strictObject({
    from: z.strictObject({
      workload: z.string().exactOptional(),
      labels: labelMap.exactOptional(),
      serviceAccount: z.string().exactOptional(),
    }),
    mayReach: z
      .array(z.union([z.string(), way], { error }))
      .max(256)
      .exactOptional(),
    mayNotReach: z
      .array(z.union([z.string(), call], { error }))
      .max(256)
      .exactOptional(),
    nothingElse: z.boolean().exactOptional(),
    nobodyElse: z.boolean().exactOptional(),
  }),
  status: z.unknown().exactOptional(),
});

export type EgressTest = Immutable<z.infer<typeof egressTestSchema>>;
export type EgressTestSpec = EgressTest['spec'];
export type EgressTestCall = NonNullable<EgressTestSpec['mayReach']>[number];
