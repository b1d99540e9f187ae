// Structure of telemetry.istio.io Telemetry, every field of it.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import { labelMap, metadataSchema } from '../metadata.ts';
import { duration } from '../schema-duration.ts';
import { mapOf } from '../schema-map.ts';

const text = z.string().exactOptional();
const flag = z.boolean().exactOptional();
const mode = z.enum(['CLIENT_AND_SERVER', 'CLIENT', 'SERVER']).exactOptional();
const providers = z.array(z.strictObject({ name: z.string() })).exactOptional();
const targetRef = z.strictObject({ group: text, kind: z.string(), name: z.string(), namespace: text });

const standardMetrics = [
  'REQUEST_COUNT',
  'REQUEST_DURATION',
  'REQUEST_SIZE',
  'RESPONSE_SIZE',
  'TCP_OPENED_CONNECTIONS',
  'TCP_CLOSED_CONNECTIONS',
  'TCP_SENT_BYTES',
  'TCP_RECEIVED_BYTES',
  'GRPC_REQUEST_MESSAGES',
  'GRPC_RESPONSE_MESSAGES',
] as const;

const accessLogging = z.strictObject({
  match: z.strictObject({ mode }).exactOptional(),
  providers,
  disabled: flag,
  filter: z.strictObject({ expression: text }).exactOptional(),
});

const metricsOverride = z.strictObject({
  match: z
    .strictObject({ metric: z.enum(['ALL_METRICS', ...standardMetrics]).exactOptional(), customMetric: text, mode })
    .exactOptional(),
  disabled: flag,
  tagOverrides: mapOf(
    z.strictObject({ operation: z.enum(['UPSERT', 'REMOVE']).exactOptional(), value: text }),
  ).exactOptional(),
});

const metrics = z.strictObject({
  providers,
  overrides: z.array(metricsOverride).exactOptional(),
  reportingInterval: duration.exactOptional(),
});

const tracing = z.strictObject({
  match: z.strictObject({ mode }).exactOptional(),
  providers,
  randomSamplingPercentage: z.number().min(0).max(100).exactOptional(),
  disableSpanReporting: flag,
  customTags: mapOf(
    z.strictObject({
      literal: z.strictObject({ value: text }).exactOptional(),
      environment: z.strictObject({ name: text, defaultValue: text }).exactOptional(),
      header: z.strictObject({ name: text, defaultValue: text }).exactOptional(),
      formatter: z.strictObject({ value: text }).exactOptional(),
    }),
  ).exactOptional(),
  useRequestIdForTraceSampling: flag,
  enableIstioTags: flag,
});

export const telemetrySchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.strictObject({
    selector: z.strictObject({ matchLabels: labelMap.exactOptional() }).exactOptional(),
    targetRef: targetRef.exactOptional(),
    targetRefs: z.array(targetRef).exactOptional(),
    tracing: z.array(tracing).exactOptional(),
    metrics: z.array(metrics).exactOptional(),
    accessLogging: z.array(accessLogging).exactOptional(),
  }),
  status: z.unknown().exactOptional(),
});

export type Telemetry = Immutable<z.infer<typeof telemetrySchema>>;
export type AccessLogging = Immutable<z.infer<typeof accessLogging>>;
export type Metrics = Immutable<z.infer<typeof metrics>>;
export type MetricsOverride = Immutable<z.infer<typeof metricsOverride>>;
export type StandardMetric = (typeof standardMetrics)[number];
