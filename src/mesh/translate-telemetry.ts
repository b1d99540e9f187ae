// Telemetry -> the mesh's form of it. Takes a valid object; what is not acted on was named by validation.
import type {
  AccessLogging,
  MetricsOverride as ApiOverride,
  Telemetry as ApiTelemetry,
  Metrics,
} from '../api/kinds/telemetry.ts';
import { constantOf } from '../api/kinds/telemetry-tags.ts';
import { accessLogProvider, isProvider, metricsProvider } from '../api/kinds/telemetry-validation.ts';
import { selectorOf } from './selector.ts';
import type { AccessLogRule, MetricsOverride, MetricsRule, Telemetry, WorkloadMode } from './telemetry.ts';

export function translateTelemetry({ metadata, spec }: ApiTelemetry): Telemetry {
  const { name, namespace = 'default', creationTimestamp = '' } = metadata;
  const labels = spec.selector?.matchLabels ?? {};
  return {
    namespace,
    name,
    createdAt: creationTimestamp,
    // Istio: a selector without labels is none.
    workloadSelector: Object.keys(labels).length === 0 ? undefined : selectorOf(labels),
    isForOthers: spec.targetRef !== undefined || (spec.targetRefs ?? []).length > 0,
    accessLogging: (spec.accessLogging ?? []).map(translateAccessLogging),
    metrics: (spec.metrics ?? []).map(translateMetrics),
  };
}

function translateAccessLogging({ match, providers, disabled, filter }: AccessLogging): AccessLogRule {
  return {
    modes: modesOf(match?.mode),
    isOurs: isOurs(providers, accessLogProvider),
    disabled: disabled === true,
    filter: filter?.expression === '' ? undefined : filter?.expression,
  };
}

function translateMetrics({ providers, overrides = [] }: Metrics): MetricsRule {
  return { isOurs: isOurs(providers, metricsProvider), overrides: overrides.flatMap(translateOverride) };
}

function translateOverride({ match, disabled, tagOverrides = {} }: ApiOverride): readonly MetricsOverride[] {
  const { metric, customMetric, mode } = match ?? {};
  if (customMetric !== undefined) return [];
  const tags = new Map<string, string | undefined>();
  for (const [name, { operation, value = '' }] of Object.entries(tagOverrides)) {
    const constant = constantOf(value);
    if (operation === 'REMOVE') tags.set(name, undefined);
    else if (constant !== undefined) tags.set(name, constant);
  }
  return [{ modes: modesOf(mode), metric: metric === 'ALL_METRICS' ? undefined : metric, disabled, tags }];
}

function modesOf(mode: 'CLIENT_AND_SERVER' | WorkloadMode = 'CLIENT_AND_SERVER'): readonly WorkloadMode[] {
  return mode === 'CLIENT_AND_SERVER' ? ['CLIENT', 'SERVER'] : [mode];
}

function isOurs(providers: AccessLogging['providers'], known: string): boolean | undefined {
  if (providers === undefined || providers.length === 0) return undefined;
  return providers.some(({ name }) => isProvider(name, known));
}
