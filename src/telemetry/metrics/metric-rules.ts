// What Telemetries say of the metrics that are told of a series. The composition root answers it from the snapshot that is in
// force; what is counted does not depend on it.
import type { SeriesLabels } from '../series.ts';

export interface MetricRule {
  readonly disabled: boolean;
  /** Labels that are set; undefined: removed. */
  readonly tags: ReadonlyMap<string, string | undefined>;
}

export interface MetricRules {
  /** `metric`: `istio_requests_total`. Undefined: told as it is. */
  of(labels: SeriesLabels, metric: string): MetricRule | undefined;
}
