// The names of an intake's positions in the ledger, and what stands at the head of a proxy's. `records/<namespace>/<pod>`:
// how far its records were read. `totals/<namespace>/<pod>`: the head. `totals/<namespace>/<pod>/<id>`: the last totals of
// one counter key, so that what is written is what has changed.
import { z } from 'zod';
import { type Caller, callerSchema } from './caller.ts';

export interface Head {
  readonly caller: Caller;
  /** Of the process that counts. */
  readonly start: number;
  /** Where its records are; empty if that was never told. */
  readonly recordsFile: string;
  /** What balance.ts keeps. */
  readonly balance: string;
}

/** All that was kept of one proxy. */
export interface KeptProxy {
  readonly head: Head;
  readonly totals: ReadonlyMap<string, string>;
  readonly records: string | undefined;
}

const headSchema = z.object({
  caller: callerSchema,
  start: z.number().nonnegative(),
  recordsFile: z.string(),
  balance: z.string(),
});

export const headPosition = (name: string) => `totals/${name}`;
export const totalsPosition = (name: string, id: string) => `totals/${name}/${id}`;
export const recordsPosition = (name: string) => `records/${name}`;

export function headText(head: Head): string {
  return JSON.stringify(head);
}

/** By `namespace/pod`. What has no readable head is left out, and counted anew. */
export function readPositions(positions: ReadonlyMap<string, string>): ReadonlyMap<string, KeptProxy> {
  const heads = new Map<string, Head>();
  const totals = new Map<string, Map<string, string>>();
  for (const [position, text] of positions) {
    const [, name = '', id] = /^totals\/([^/]+\/[^/]+)(?:\/(.+))?$/s.exec(position) ?? [];
    if (name === '') continue;
    if (id === undefined) {
      const head = parseHead(text);
      if (head !== undefined) heads.set(name, head);
      continue;
    }
    const of = totals.get(name) ?? new Map<string, string>();
    totals.set(name, of);
    of.set(id, text);
  }
  return new Map(
    [...heads].map(([name, head]) => [
      name,
      { head, totals: totals.get(name) ?? new Map(), records: positions.get(recordsPosition(name)) },
    ]),
  );
}

function parseHead(text: string): Head | undefined {
  try {
    return headSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
