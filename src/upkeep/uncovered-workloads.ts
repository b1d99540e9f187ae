// Workloads that run without a proxy: what they send is neither governed nor counted.
import { compareText } from '../mesh/origin.ts';
import type { UncoveredWorkload } from './upkeep.ts';

/** What of a pod says whether a proxy stands beside it. */
export interface RunningPod {
  readonly namespace: string;
  readonly workload: string;
  readonly proxy: { readonly phase: string };
}

export function uncoveredWorkloads(pods: readonly RunningPod[]): readonly UncoveredWorkload[] {
  const found = new Map<string, UncoveredWorkload>();
  for (const { namespace, workload, proxy } of pods) {
    if (proxy.phase !== 'Absent') continue;
    const reason =
      "has the host's network and no sidecar: what it sends is neither governed nor counted; take hostNetwork out of its pod";
    found.set(`${namespace}/${workload}`, { namespace, workload, reason });
  }
  return [...found.values()].sort(
    (a, b) => compareText(a.namespace, b.namespace) || compareText(a.workload, b.workload),
  );
}
