// How long a process that ended waits before it is started again. The first restart is at once, then the wait
// doubles; a process that ran long enough begins anew.
// kubelet: 10 s doubling to 5 min, forgotten after 10 min; here the same for programs, shorter for Envoy.

export interface RestartPolicy {
  /** Milliseconds before the second restart in a row. */
  readonly firstMs: number;
  readonly longestMs: number;
  /** A run of this many milliseconds makes earlier failures forgotten. */
  readonly forgiveMs: number;
}

export const programRestarts: RestartPolicy = { firstMs: 10_000, longestMs: 300_000, forgiveMs: 600_000 };

/** Without its Envoy a workload has no network: it comes back sooner. */
export const envoyRestarts: RestartPolicy = { firstMs: 1_000, longestMs: 30_000, forgiveMs: 60_000 };

/** Milliseconds; `failures` counts the ends in a row, this one included (1 or more). */
export function restartDelay(policy: RestartPolicy, failures: number): number {
  if (failures <= 1) return 0;
  return Math.min(policy.longestMs, policy.firstMs * 2 ** (failures - 2));
}
