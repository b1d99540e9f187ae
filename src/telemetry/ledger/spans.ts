// The two lengths of time by which flows are kept. A bucket's name is where it begins, in milliseconds since 1970.

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

/** The rows of a stretch: where it is told by the minute there are none of hours. */
export const inStretch = `span IN (${minute}, ${hour}) AND start >= ? AND start < ?`;
