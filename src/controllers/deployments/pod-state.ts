// What a Deployment needs to know of one of its pods, out of the Pod object: whether it counts as available, and what
// keeps it from running. Pure; what only time will tell is asked for again with `recheckMs`.
import { isPodReady, type Pod } from '../../api/kinds/pod.ts';

export interface PodFailure {
  /** One word: `CrashLoopBackOff`. */
  readonly reason: string;
  readonly message: string;
}

export interface PodState {
  readonly pod: Pod;
  readonly ready: boolean;
  /** Ready for long enough. */
  readonly available: boolean;
  readonly failure?: PodFailure;
  /** After so many milliseconds the answer may be another one. */
  readonly recheckMs?: number;
}

/** Without a declared port nothing tells that the program has come up, so it must have run for a while. */
const settleMs = 1_000;
/** A program that runs and does not listen is given this long before it is called wrong. */
const listenMs = 5_000;

export function podStateOf(pod: Pod, minReadySeconds: number, now: number): PodState {
  const ready = isPodReady(pod);
  const age = now - startOf(pod);
  if (ready) {
    const needed = Math.max(minReadySeconds * 1000, declaresPort(pod) ? 0 : settleMs);
    return { pod, ready, available: age >= needed, ...(age < needed && { recheckMs: needed - age }) };
  }
  const [container] = pod.status?.containerStatuses ?? [];
  const waiting = container?.state?.waiting;
  if (waiting?.reason !== undefined && waiting.reason !== 'ContainerCreating') {
    const failure = { reason: waiting.reason, message: waiting.message ?? '' };
    return { pod, ready, available: false, failure };
  }
  if (container?.state?.running === undefined) return { pod, ready, available: false };
  if (age < listenMs) return { pod, ready, available: false, recheckMs: listenMs - age };
  const why = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? 'is not ready';
  return { pod, ready, available: false, failure: { reason: 'NotReady', message: `runs, but ${why}` } };
}

function startOf({ status }: Pod): number {
  const startedAt = Date.parse(status?.containerStatuses?.[0]?.state?.running?.startedAt ?? '');
  return Number.isNaN(startedAt) ? Number.NEGATIVE_INFINITY : startedAt;
}

function declaresPort({ spec: { containers } }: Pod): boolean {
  return (containers[0]?.ports ?? []).length > 0;
}
