// Structure of networking.istio.io WorkloadEntry: one address at which a workload is. The endpoints of a ServiceEntry have
// the shape of its spec.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import { labelMap, metadataSchema } from '../metadata.ts';
import { portNumber } from '../schema-parts.ts';

export const workloadEntrySpec = z.strictObject({
  address: z.string().exactOptional(),
  ports: z.record(z.string(), portNumber).exactOptional(),
  labels: labelMap.exactOptional(),
  network: z.string().exactOptional(),
  locality: z.string().exactOptional(),
  weight: z.int().min(0).max(4_294_967_295).exactOptional(),
  serviceAccount: z.string().exactOptional(),
});

export const workloadEntrySchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: workloadEntrySpec,
  status: z.unknown().exactOptional(),
});

export type WorkloadEntry = Immutable<z.infer<typeof workloadEntrySchema>>;
export type WorkloadEntrySpec = WorkloadEntry['spec'];
