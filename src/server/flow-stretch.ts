// Which stretch of time a request means, and which one its answer tells: flows are kept by the minute for an hour, then by
// the hour, so an answer covers whole ones.
import type { FlowQuery } from '../telemetry/flow.ts';
import { badRequest } from './api-error.ts';

/** Milliseconds since 1970; without `to` until now. */
export type AskedStretch = Pick<FlowQuery, 'from' | 'to'>;

export interface ToldStretch {
  readonly from: number;
  readonly to: number;
}

const usualMs = 5 * 60_000;
const minute = 60_000;
const hour = 60 * minute;

/** The last five minutes where nothing is said. Throws SallyportError `SP_BAD_REQUEST` (400). */
export function askedStretch(
  asked: { readonly since?: number | undefined; readonly from?: number | undefined; readonly to?: number | undefined },
  now: number,
): AskedStretch {
  const { since, from, to } = asked;
  if (since !== undefined && from !== undefined) throw badRequest('since and from exclude each other');
  const begin = from ?? (to ?? now) - (since ?? usualMs);
  if (begin >= (to ?? now)) throw badRequest('the stretch ends before it begins');
  return { from: Math.max(0, begin), ...(to === undefined ? {} : { to }) };
}

/** The whole minutes or hours that hold it, but nothing of the future. */
export function toldStretch({ from, to }: AskedStretch, now: number): ToldStretch {
  const bucket = now - from <= hour ? minute : hour;
  return { from: Math.floor(from / bucket) * bucket, to: Math.min(Math.ceil((to ?? now) / bucket) * bucket, now) };
}
