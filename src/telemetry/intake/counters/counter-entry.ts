// All that a proxy has counted under one key: the totals that were told last, and what they gained since.

import type { CounterKey } from '../../../xds/counter-key.ts';
import { histogramLength } from '../histogram.ts';
import { tellerOf } from '../teller.ts';
import { type Counted, countedById, type Family, isHistogram, slotsOf } from './counted-metric.ts';
import { parseTotals } from './totals-text.ts';

/** By slot: a histogram's sum and buckets, or one number; undefined: not told, or nothing. */
type Slots = (readonly number[] | undefined)[];

export interface Entry {
  readonly id: string;
  readonly family: Family;
  readonly key: CounterKey;
  readonly totals: Slots;
  readonly gained: Slots;
  /** Whether connections under this key are told by the counters. */
  readonly tellsConnections: boolean;
}

export function createEntry({ id, family, key }: Omit<Counted, 'slot'>): Entry {
  const empty = (): Slots => slotsOf[family].map(() => undefined);
  const tellsConnections = family === 'tcp' && tellerOf(key, family) === 'counters';
  return { id, family, key, totals: empty(), gained: empty(), tellsConnections };
}

/** From a position; undefined if it is none. */
export function restoreEntry(id: string, text: string): Entry | undefined {
  const counted = countedById(id);
  if (counted === undefined) return undefined;
  const lengths = slotsOf[counted.family].map(() => (isHistogram(counted.family) ? histogramLength : 1));
  const totals = parseTotals(text, lengths);
  return totals === undefined ? undefined : { ...createEntry(counted), totals };
}

/** The new totals of a slot; what it gained by them, undefined if nothing. */
export function growSlot(entry: Entry, slot: number, values: readonly number[]): readonly number[] | undefined {
  const before = entry.totals[slot];
  const histogram = isHistogram(entry.family);
  // Less than before, in the same process: Envoy dropped the series and began anew. Its sums are estimates, and may sink.
  const grew = before?.every((value, index) => (histogram && index === 0) || value <= (values[index] ?? 0));
  const since = grew === true ? before : undefined;
  const gain = values.map((value, index) => Math.max(0, value - (since?.[index] ?? 0)));
  entry.totals[slot] = values;
  if (!gain.some((value) => value > 0)) return undefined;
  entry.gained[slot] = sumOf(entry.gained[slot], gain);
  return gain;
}

/** What one entry gained goes over to another of the same family. */
export function addGains(to: Entry, from: Entry): void {
  for (const [slot, gain] of from.gained.entries())
    if (gain !== undefined) to.gained[slot] = sumOf(to.gained[slot], gain);
}

function sumOf(one: readonly number[] | undefined, other: readonly number[]): readonly number[] {
  return one === undefined ? other : one.map((value, index) => value + (other[index] ?? 0));
}
