// policy/v1 PodDisruptionBudget. Kept and shown; in a local mesh nobody evicts pods.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import type { Kind } from '../kind.ts';
import { metadataSchema } from '../metadata.ts';
import { passed } from '../schema-parts.ts';
import { labelSelectorSchema } from './deployment-selector.ts';

const bound = z.union([z.int(), z.string()], { error: 'expected a number of pods or a percentage such as 25%' });

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.strictObject({
    minAvailable: bound.exactOptional(),
    maxUnavailable: bound.exactOptional(),
    selector: labelSelectorSchema.exactOptional(),
    unhealthyPodEvictionPolicy: passed,
  }),
  status: z.looseObject({ disruptionsAllowed: z.int().exactOptional() }).exactOptional(),
});

export type PodDisruptionBudget = Immutable<z.infer<typeof schema>>;

export const podDisruptionBudgetKind: Kind<PodDisruptionBudget> = {
  group: 'policy',
  versions: ['v1'],
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  singular: 'poddisruptionbudget',
  shortNames: ['pdb'],
  namespaced: true,
  schema,
  validate: () => [],
  withDefaults: (budget) => budget,
  columns: [
    { title: 'MIN AVAILABLE', value: ({ spec: { minAvailable } }) => String(minAvailable ?? 'N/A') },
    { title: 'MAX UNAVAILABLE', value: ({ spec: { maxUnavailable } }) => String(maxUnavailable ?? 'N/A') },
    { title: 'ALLOWED DISRUPTIONS', value: ({ status }) => String(status?.disruptionsAllowed ?? 0) },
  ],
};
