// autoscaling/v2 HorizontalPodAutoscaler. Kept and shown; in a local mesh nothing scales by itself.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import type { Kind } from '../kind.ts';
import { metadataSchema } from '../metadata.ts';
import { passed } from '../schema-parts.ts';

const count = z.int().min(0).max(1000);

const target = z.looseObject({ type: z.string(), averageUtilization: z.int().exactOptional() });

const metric = z.looseObject({
  type: z.string(),
  resource: z.looseObject({ name: z.string(), target }).exactOptional(),
});

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.strictObject({
    scaleTargetRef: z.strictObject({ apiVersion: z.string().exactOptional(), kind: z.string(), name: z.string() }),
    minReplicas: count.exactOptional(),
    maxReplicas: count.min(1),
    metrics: z.array(metric).exactOptional(),
    behavior: passed,
  }),
  status: z.looseObject({ currentReplicas: z.int().exactOptional() }).exactOptional(),
});

export type HorizontalPodAutoscaler = Immutable<z.infer<typeof schema>>;

export const horizontalPodAutoscalerKind: Kind<HorizontalPodAutoscaler> = {
  group: 'autoscaling',
  versions: ['v2'],
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  singular: 'horizontalpodautoscaler',
  shortNames: ['hpa'],
  namespaced: true,
  schema,
  validate: () => [],
  withDefaults: (scaler) => ({ ...scaler, spec: { minReplicas: 1, ...scaler.spec } }),
  columns: [
    { title: 'REFERENCE', value: ({ spec: { scaleTargetRef } }) => `${scaleTargetRef.kind}/${scaleTargetRef.name}` },
    { title: 'TARGETS', value: ({ spec: { metrics = [] } }) => metrics.map(formatMetric).join(', ') || '<none>' },
    { title: 'MINPODS', value: ({ spec: { minReplicas } }) => String(minReplicas ?? 1) },
    { title: 'MAXPODS', value: ({ spec: { maxReplicas } }) => String(maxReplicas) },
    { title: 'REPLICAS', value: ({ status }) => String(status?.currentReplicas ?? 0) },
  ],
};

type Metric = NonNullable<HorizontalPodAutoscaler['spec']['metrics']>[number];

/** `cpu: <unknown>/80%`: nothing here measures. */
function formatMetric({ type, resource }: Metric): string {
  const percent = resource?.target.averageUtilization;
  if (resource === undefined || percent === undefined) return `${type}: <unknown>`;
  return `${resource.name}: <unknown>/${percent}%`;
}
