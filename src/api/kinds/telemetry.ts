// telemetry.istio.io Telemetry: which access logs the proxies of a namespace, or chosen ones, write, and which metrics are
// told of them.
import type { Kind } from '../kind.ts';
import { type Telemetry, telemetrySchema } from './telemetry-schema.ts';
import { validateTelemetry } from './telemetry-validation.ts';

export type { AccessLogging, Metrics, MetricsOverride, StandardMetric, Telemetry } from './telemetry-schema.ts';

export const telemetryKind: Kind<Telemetry> = {
  group: 'telemetry.istio.io',
  versions: ['v1', 'v1alpha1'],
  kind: 'Telemetry',
  plural: 'telemetries',
  singular: 'telemetry',
  shortNames: [],
  namespaced: true,
  schema: telemetrySchema,
  validate: validateTelemetry,
  withDefaults: (telemetry) => telemetry,
  columns: [],
};
