// Histograms as lists of numbers: the sum of the values, then a number for each bucket. Envoy has the bounds that
// observations have; of one that has others each bucket counts where its upper bound lies.
import { type HistogramDelta, histogramBounds } from '../observation.ts';
import { fixed64, type Point } from './counters/otlp-points.ts';

const buckets = histogramBounds.length + 1;
export const histogramLength = 1 + buckets;

/** Undefined if its parts do not fit each other. */
export function readHistogram(point: Point): number[] | undefined {
  const { bytes, bucketsStart, bucketsEnd, boundsStart, boundsEnd } = point;
  const bounds = (boundsEnd - boundsStart) / 8;
  if (!Number.isInteger(bounds) || bucketsEnd - bucketsStart !== (bounds + 1) * 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Array<number>(histogramLength).fill(0);
  values[0] = point.sum;
  for (let index = 0; index <= bounds; index += 1) {
    const count = fixed64(view, bucketsStart + index * 8);
    if (count === 0) continue;
    const upper = index < bounds ? view.getFloat64(boundsStart + index * 8, true) : Number.POSITIVE_INFINITY;
    const bucket = 1 + (upper === histogramBounds[index] ? index : bucketOf(upper));
    values[bucket] = (values[bucket] ?? 0) + count;
  }
  return values.every((value) => value >= 0 && value <= Number.MAX_SAFE_INTEGER) ? values : undefined;
}

/** The bucket that holds a value. */
export function bucketOf(value: number): number {
  const index = histogramBounds.findIndex((bound) => value <= bound);
  return index === -1 ? histogramBounds.length : index;
}

export function deltaOf(values: readonly number[]): HistogramDelta {
  return { buckets: values.slice(1), sum: values[0] ?? 0 };
}

export function emptyBuckets(): number[] {
  return new Array<number>(buckets).fill(0);
}

/** How many values. */
export function countOf(values: readonly number[]): number {
  let count = 0;
  for (let index = 1; index < values.length; index += 1) count += values[index] ?? 0;
  return count;
}
