// Which Telemetries hold for the proxies of a scope, and what they come to (Istio: model/telemetry.go): the root
// namespace's for all, then the namespace's, then those that choose the workload; the later one has the last word.
import { rootNamespace } from '../api/root-namespace.ts';
import type { HostIndex } from './host-index.ts';
import type { RuleClient } from './select-destination-rule.ts';
import type { Telemetry, WorkloadMode } from './telemetry.ts';

/** `telemetries`: by namespace. */
export function selectTelemetries(telemetries: HostIndex<Telemetry>, client: RuleClient): readonly Telemetry[] {
  const own = telemetries.get(client.namespace).filter(({ isForOthers }) => !isForOthers);
  const forAll = client.namespace === rootNamespace ? [rootNamespace] : [rootNamespace, client.namespace];
  const whole = forAll.flatMap((namespace) => wholeNamespace(telemetries.get(namespace)) ?? []);
  const chosen = own.filter(({ workloadSelector }) => {
    return workloadSelector !== undefined && client.matches(workloadSelector);
  });
  return [...whole, ...chosen];
}

/** Istio: of several without selector the first one counts, none are merged. `telemetries`: oldest first. */
export function wholeNamespace(telemetries: readonly Telemetry[]): Telemetry | undefined {
  return telemetries.find(({ workloadSelector, isForOthers }) => workloadSelector === undefined && !isForOthers);
}

export interface AccessLogSettings {
  readonly enabled: boolean;
  /** A condition in CEL that an event must meet. */
  readonly filter?: string;
}

/**
 * Undefined where no Telemetry says anything. Istio: once one speaks of one mode, the log that the mesh's settings ask for
 * is no more, in the other mode neither; here: what it does not speak of stays as it was.
 */
export function accessLogOf(telemetries: readonly Telemetry[], mode: WorkloadMode): AccessLogSettings | undefined {
  let settings: AccessLogSettings | undefined;
  let spokenOf = true;
  for (const { modes, isOurs, disabled, filter } of telemetries.flatMap(({ accessLogging }) => accessLogging)) {
    spokenOf = isOurs ?? spokenOf;
    if (!modes.includes(mode)) continue;
    const enabled = spokenOf && !disabled;
    settings = { enabled, ...(enabled && filter !== undefined ? { filter } : {}) };
  }
  return settings;
}
