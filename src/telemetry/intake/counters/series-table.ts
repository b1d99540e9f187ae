// Finds the series that a data point is of. Envoy tells them in nearly the same order every second, so each series
// remembers which came behind it: one comparison of bytes, no text and no lookup, for what did not change its place.
import { keyOf, nameOf, type Point } from './otlp-points.ts';

export interface SeriesTable<T> {
  /** Before the first point of an export. */
  rewind(): void;
  /** Undefined: above the bound. */
  find(point: Point): T | undefined;
}

interface Link<T> {
  readonly name: Uint8Array;
  readonly key: Uint8Array;
  readonly series: T;
  next: Link<T> | undefined;
}

/** `make` is asked once for each series, by the metric's name and the point's key, empty if it has none. */
export function createSeriesTable<T>(
  make: (name: string, key: string, histogram: boolean) => T,
  most: number,
): SeriesTable<T> {
  const links = new Map<string, Link<T>>();
  const names = new Map<string, Uint8Array>();
  let first: Link<T> | undefined;
  let previous: Link<T> | undefined;

  function lookUp(point: Point): Link<T> | undefined {
    const { bytes, nameStart, nameEnd, keyStart, keyEnd, histogram } = point;
    const name = nameOf(point);
    const key = keyOf(point);
    const text = `${name}\n${key}`;
    const known = links.get(text);
    if (known !== undefined || links.size >= most) return known;
    const nameBytes = names.get(name) ?? bytes.slice(nameStart, nameEnd);
    names.set(name, nameBytes);
    const made = {
      name: nameBytes,
      key: bytes.slice(keyStart, keyEnd),
      series: make(name, key, histogram),
      next: undefined,
    };
    links.set(text, made);
    return made;
  }

  return {
    rewind() {
      previous = undefined;
    },
    find(point) {
      const expected = previous === undefined ? first : previous.next;
      const found = expected !== undefined && isOf(expected, point) ? expected : lookUp(point);
      if (found === undefined) return undefined;
      if (found !== expected) {
        if (previous === undefined) first = found;
        else previous.next = found;
      }
      previous = found;
      return found.series;
    },
  };
}

function isOf({ name, key }: Link<unknown>, point: Point): boolean {
  const { bytes } = point;
  // The key first: neighbours share their name.
  return same(key, bytes, point.keyStart, point.keyEnd) && same(name, bytes, point.nameStart, point.nameEnd);
}

function same(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (known.length !== length) return false;
  // From the end: that is where keys differ.
  for (let index = length - 1; index >= 0; index -= 1) if (known[index] !== bytes[start + index]) return false;
  return true;
}
