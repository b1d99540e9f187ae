// What the Telemetries of a workload come to for one metric (Istio: model/telemetry.go mergeMetrics): the later override has
// the last word on whether it is told, and on each tag.
import type { StandardMetric } from '../api/kinds/telemetry.ts';
import type { Telemetry, WorkloadMode } from './telemetry.ts';

export interface MetricTelling {
  readonly disabled: boolean;
  /** Undefined: removed. */
  readonly tags: ReadonlyMap<string, string | undefined>;
}

/** Undefined where no Telemetry says anything. Rules for other providers than ours change nothing. */
export function metricTellingOf(
  telemetries: readonly Telemetry[],
  mode: WorkloadMode,
  metric: StandardMetric,
): MetricTelling | undefined {
  const tags = new Map<string, string | undefined>();
  let disabled: boolean | undefined;
  for (const override of overridesOf(telemetries)) {
    if (!override.modes.includes(mode) || (override.metric ?? metric) !== metric) continue;
    disabled = override.disabled ?? disabled;
    for (const [name, value] of override.tags) tags.set(name, value);
  }
  return disabled === undefined && tags.size === 0 ? undefined : { disabled: disabled === true, tags };
}

function overridesOf(telemetries: readonly Telemetry[]) {
  let spokenOf = true;
  return telemetries
    .flatMap(({ metrics }) => metrics)
    .flatMap(({ isOurs, overrides }) => {
      spokenOf = isOurs ?? spokenOf;
      return spokenOf ? overrides : [];
    });
}
