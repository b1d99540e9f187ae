// Which of several pods a command means that acts on one: as kubectl it takes one of the workload's.
import type { PodBody } from '../server/wire.ts';

/** A ready one; and the youngest, since the others may be on their way out. Undefined if there is none. */
export function fittestPod(pods: readonly PodBody[]): PodBody | undefined {
  return pods.toSorted(fitterFirst)[0];
}

function fitterFirst({ app: left }: PodBody, { app: right }: PodBody): number {
  const rank = (app: typeof left) => Number(app.ready) + Number(app.phase === 'Running');
  return rank(right) - rank(left) || (right.startedAt ?? '').localeCompare(left.startedAt ?? '');
}
