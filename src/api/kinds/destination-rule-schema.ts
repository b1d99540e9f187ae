// Structure of networking.istio.io DestinationRule, every field of it.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import { labelMap, metadataSchema } from '../metadata.ts';
import { trafficPolicy } from './destination-rule-policy.ts';
import { exportTarget } from './service-entry-export.ts';

const subset = z.strictObject({
  name: z.string(),
  labels: labelMap.exactOptional(),
  trafficPolicy: trafficPolicy.exactOptional(),
});

export const destinationRuleSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.strictObject({
    host: z.string(),
    trafficPolicy: trafficPolicy.exactOptional(),
    subsets: z.array(subset).exactOptional(),
    exportTo: z.array(exportTarget).exactOptional(),
    workloadSelector: z.strictObject({ matchLabels: labelMap.exactOptional() }).exactOptional(),
  }),
  status: z.unknown().exactOptional(),
});

export type DestinationRule = Immutable<z.infer<typeof destinationRuleSchema>>;
export type DestinationRuleSpec = DestinationRule['spec'];
export type Subset = Immutable<z.infer<typeof subset>>;
