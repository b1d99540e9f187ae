// How far a proxy's counters were read, as texts for the ledger: the last totals of each counter key, by its id.
// JSON without what is zero at the end of a list: most buckets of most histograms are.
import { z } from 'zod';

/** What was last told of each slot; a histogram's sum and buckets, or one number. */
export type SlotTotals = readonly (readonly number[] | undefined)[];

const textSchema = z.array(z.array(z.number().nonnegative()).nullable());

export function totalsText(totals: SlotTotals): string {
  return JSON.stringify(totals.map((values) => (values === undefined ? null : withoutZeros(values))));
}

/** Undefined if the text is damaged; each list of the length that it had. */
export function parseTotals(text: string, lengths: readonly number[]): (number[] | undefined)[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = textSchema.safeParse(json);
  if (!parsed.success || parsed.data.length > lengths.length) return undefined;
  const lists = parsed.data;
  return lengths.map((length, slot) => {
    const values = lists[slot];
    if (values === undefined || values === null) return undefined;
    return Array.from({ length }, (_, index) => values[index] ?? 0);
  });
}

function withoutZeros(values: readonly number[]): readonly number[] {
  return values.slice(0, values.findLastIndex((value) => value !== 0) + 1);
}
