// Which Sidecar holds for the proxies of a scope (Istio: model/push_context.go getSidecarScope): of their namespace the one
// that chooses their labels, else the one for all, else the root namespace's for all; of several the oldest. None are merged.
import { rootNamespace } from '../api/root-namespace.ts';
import type { HostIndex } from './host-index.ts';
import type { RuleClient } from './select-destination-rule.ts';
import type { Sidecar } from './sidecar.ts';

/** `sidecars`: by namespace. */
export function selectSidecar(sidecars: HostIndex<Sidecar>, client: RuleClient): Sidecar | undefined {
  const own = sidecars.get(client.namespace);
  return (
    own.find(({ workloadSelector }) => workloadSelector !== undefined && client.matches(workloadSelector)) ??
    own.find(isForAll) ??
    sidecars.get(rootNamespace).find(isForAll)
  );
}

function isForAll({ workloadSelector }: Sidecar): boolean {
  return workloadSelector === undefined;
}
