// The two lengths of time by which flows are kept. A bucket's name is where it begins, in milliseconds since 1970.
import type { FlowQuery } from '../flow.ts';

export const minute = 60_000;
export const hour = 3_600_000;

export type Span = typeof minute | typeof hour;

export function startOf(at: number, span: Span): number {
  return at - (at % span);
}

/** In whole minutes or hours: the last one begins before `to`. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** What is told of a query: by the minute where that reaches back far enough, and nothing of what has gone. */
export function stretchOf({ from, to }: Pick<FlowQuery, 'from' | 'to'>, horizon: (span: Span) => number): Stretch {
  const span = startOf(from, minute) >= horizon(minute) ? minute : hour;
  const first = Math.max(startOf(from, span), horizon(span));
  // Until now is all that there is.
  if (to === undefined) return { from: first, to: Number.MAX_SAFE_INTEGER };
  const last = startOf(to, span);
  return { from: first, to: last === to ? last : last + span };
}

/** The rows of a stretch: where it is told by the minute there are none of hours. */
export const inStretch = `span IN (${minute}, ${hour}) AND start >= ? AND start < ?`;
