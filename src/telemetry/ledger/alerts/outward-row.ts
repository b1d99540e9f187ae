// What a batch adds to one flow in one minute, of traffic that leaves the mesh or was to leave it.
import type { Observation } from '../../observation.ts';
import type { Source } from '../../traffic.ts';
import type { FlowRow } from '../flow-buckets.ts';

export type OutwardRow = FlowRow & { readonly seen: Observation & { readonly source: Source } };

/** What a gateway passes on is told by the sidecar that sent it; what it refuses is told by nobody else. */
export function isOutward(row: FlowRow): row is OutwardRow {
  const { destination, by, source } = row.seen;
  return source !== undefined && destination.kind !== 'service' && (by !== 'relay' || destination.kind === 'blocked');
}

/** Requests and connections, as flows count them. */
export function callsIn({ seen, requests, opened, closed }: OutwardRow): number {
  return requests + (seen.destination.kind === 'blocked' ? closed : opened);
}
