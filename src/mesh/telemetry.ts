// A Telemetry as the mesh knows it: for which proxies it is, what they log, and what is told of their metrics.
import type { StandardMetric } from '../api/kinds/telemetry.ts';
import type { Origin } from './origin.ts';
import type { LabelSelector } from './selector.ts';

/** CLIENT: what goes out, and all of a gateway's. SERVER: what comes in. */
export type WorkloadMode = 'CLIENT' | 'SERVER';

export interface Telemetry extends Origin {
  /** Undefined: all of its namespace; of the root namespace's: all of the mesh. */
  readonly workloadSelector: LabelSelector | undefined;
  /** It is for something else than workloads: nobody's. */
  readonly isForOthers: boolean;
  readonly accessLogging: readonly AccessLogRule[];
  readonly metrics: readonly MetricsRule[];
}

export interface AccessLogRule {
  readonly modes: readonly WorkloadMode[];
  /** Whether it speaks of the log that we write; undefined: of those that the rule before it did. */
  readonly isOurs: boolean | undefined;
  readonly disabled: boolean;
  readonly filter: string | undefined;
}

export interface MetricsRule {
  readonly isOurs: boolean | undefined;
  readonly overrides: readonly MetricsOverride[];
}

export interface MetricsOverride {
  readonly modes: readonly WorkloadMode[];
  /** Undefined: all. */
  readonly metric: StandardMetric | undefined;
  /** Undefined: as it was. */
  readonly disabled: boolean | undefined;
  /** By label; undefined: it is removed. */
  readonly tags: ReadonlyMap<string, string | undefined>;
}

/** `Telemetry/default/mesh`. */
export function telemetryOrigin({ namespace, name }: Telemetry): string {
  return `Telemetry/${namespace}/${name}`;
}
