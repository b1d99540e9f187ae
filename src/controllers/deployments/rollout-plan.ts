// The next step of a rollout: how many pods to make and which to end, as Kubernetes' deployment controller decides it.
// Invariants: never more than replicas + surge pods; no step takes the available ones below replicas − unavailable; a
// version that never becomes available leaves the earlier one running. Pure.
import type { RolloutBounds } from '../../api/kinds/deployment-strategy.ts';
import type { PodState } from './pod-state.ts';

export interface RolloutInput {
  readonly replicas: number;
  readonly bounds: RolloutBounds;
  /** Pods of the present template. */
  readonly current: readonly PodState[];
  /** Pods of earlier ones. */
  readonly old: readonly PodState[];
}

export interface RolloutStep {
  readonly create: number;
  readonly remove: readonly PodState[];
}

/** One by one: new pods come first, old ones go as new ones become available. */
export function planRollingUpdate({ replicas, bounds, current, old }: RolloutInput): RolloutStep {
  const total = current.length + old.length;
  const scaled = scaleTo(replicas, current, replicas + bounds.surge - total);
  if (scaled.create > 0 || scaled.remove.length > 0) return scaled;
  const fewest = replicas - bounds.unavailable;
  const mayGo = Math.max(0, total - fewest - current.filter(isMissing).length);
  const broken = leastWorthFirst(old.filter(isMissing)).slice(0, mayGo);
  const spare = [...current, ...old].filter(({ available }) => available).length - fewest;
  const healthy = old.filter(({ available }) => available);
  const replaced = healthy.slice(0, Math.max(0, Math.min(spare, mayGo - broken.length)));
  return { create: 0, remove: [...broken, ...replaced] };
}

/** All at once: nothing new before the last old one has ended (`ended`). */
export function planRecreate({ replicas, current, old }: Omit<RolloutInput, 'bounds'>, ended: boolean): RolloutStep {
  if (old.length > 0) return { create: 0, remove: old };
  return ended ? scaleTo(replicas, current, replicas) : { create: 0, remove: [] };
}

function scaleTo(replicas: number, current: readonly PodState[], room: number): RolloutStep {
  const surplus = Math.max(0, current.length - replicas);
  return {
    create: Math.max(0, Math.min(replicas - current.length, room)),
    remove: leastWorthFirst(current).slice(0, surplus),
  };
}

/** Those that are not available, then the youngest. */
function leastWorthFirst(states: readonly PodState[]): readonly PodState[] {
  return states.toSorted((left, right) => worth(left) - worth(right) || createdAt(right) - createdAt(left));
}

function worth({ ready, available }: PodState): number {
  return Number(ready) + Number(available);
}

function createdAt({ pod }: PodState): number {
  return Date.parse(pod.metadata.creationTimestamp ?? '') || 0;
}

function isMissing({ available }: PodState): boolean {
  return !available;
}
