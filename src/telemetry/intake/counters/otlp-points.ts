// Reads what Envoy's OpenTelemetry sink sends, byte by byte: a hundred times a second, mostly values that did not change,
// so nothing is built that a reader does not ask for. Wire: opentelemetry.proto.collector.metrics.v1, field numbers below.
// Invariants: bytes of any kind never throw, and never take longer than a pass over them.
import { counterKeyTag } from '../../../xds/counter-key.ts';

/** A data point of a sum or a histogram. One object for all: valid until the next one. Ranges are offsets in `bytes`. */
export interface Point {
  readonly bytes: Uint8Array;
  readonly nameStart: number;
  readonly nameEnd: number;
  /** The value of the attribute `key`; an empty range if there is none. */
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly histogram: boolean;
  /** When the process began, in Envoy's own measure (microseconds): the same number, the same process. */
  readonly start: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The total of a sum, the number of values of a histogram. */
  readonly value: number;
  /** Of a histogram: the sum of its values. */
  readonly sum: number;
  /** Of a histogram: little-endian 64-bit numbers, one for each bucket. */
  readonly bucketsStart: number;
  readonly bucketsEnd: number;
  /** Of a histogram: little-endian doubles, the upper bounds of all buckets but the last. */
  readonly boundsStart: number;
  readonly boundsEnd: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Cursor extends Mutable<Point> {
  readonly view: DataView;
  at: number;
  /** Bytes that are no such message. */
  bad: boolean;
}

const varintType = 0;
const fixed64Type = 1;
const bytesType = 2;
const fixed32Type = 5;

const gaugeField = 5;
const sumField = 7;
const histogramField = 9;

const keyName = new TextEncoder().encode(counterKeyTag);

/** Whether all bytes were such a request; points that stand before what is wrong have been visited. */
export function readPoints(bytes: Uint8Array, visit: (point: Point) => void): boolean {
  const cursor = cursorOver(bytes);
  eachMessage(cursor, bytes.length, 1, (resourceEnd) =>
    eachMessage(cursor, resourceEnd, 2, (scopeEnd) =>
      eachMessage(cursor, scopeEnd, 2, (metricEnd) => readMetric(cursor, metricEnd, visit)),
    ),
  );
  return !cursor.bad;
}

/** The 64-bit number at an offset; exact up to 2^53. */
export function fixed64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getInt32(at + 4, true) * 2 ** 32;
}

export function nameOf({ bytes, nameStart, nameEnd }: Point): string {
  return textOf(bytes, nameStart, nameEnd);
}

export function keyOf({ bytes, keyStart, keyEnd }: Point): string {
  return textOf(bytes, keyStart, keyEnd);
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}

function cursorOver(bytes: Uint8Array): Cursor {
  return {
    ...{ bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0, bad: false },
    ...{ nameStart: 0, nameEnd: 0, keyStart: 0, keyEnd: 0, histogram: false, start: 0, time: 0, value: 0, sum: 0 },
    ...{ bucketsStart: 0, bucketsEnd: 0, boundsStart: 0, boundsEnd: 0 },
  };
}

/** Calls `read` with the end of each message of this field; `read` leaves the cursor there. */
function eachMessage(cursor: Cursor, end: number, field: number, read: (end: number) => void): void {
  while (cursor.at < end && !cursor.bad) {
    const tag = varint(cursor, end);
    if (tag === ((field << 3) | bytesType)) read(lengthEnd(cursor, end));
    else skip(cursor, tag, end);
  }
}

/** Metric: name = 1, gauge = 5, sum = 7, histogram = 9. The name may stand behind what it names. */
function readMetric(cursor: Cursor, end: number, visit: (point: Point) => void): void {
  let dataStart = end;
  let dataEnd = end;
  cursor.nameStart = cursor.nameEnd = end;
  while (cursor.at < end && !cursor.bad) {
    const tag = varint(cursor, end);
    const field = tag >> 3;
    if (
      (tag & 7) !== bytesType ||
      (field !== 1 && field !== gaugeField && field !== sumField && field !== histogramField)
    ) {
      skip(cursor, tag, end);
      continue;
    }
    const valueEnd = lengthEnd(cursor, end);
    if (field === 1) {
      cursor.nameStart = cursor.at;
      cursor.nameEnd = valueEnd;
    } else if (field !== gaugeField) {
      cursor.histogram = field === histogramField;
      dataStart = cursor.at;
      dataEnd = valueEnd;
    }
    cursor.at = valueEnd;
  }
  if (cursor.bad) return;
  cursor.at = dataStart;
  eachMessage(cursor, dataEnd, 1, (pointEnd) => {
    readPoint(cursor, pointEnd);
    if (!cursor.bad) visit(cursor);
  });
  if (!cursor.bad) cursor.at = end;
}

/**
 * NumberDataPoint: start = 2, time = 3, as_double = 4, as_int = 6, attributes = 7. HistogramDataPoint: start = 2, time = 3,
 * count = 4, sum = 5, bucket_counts = 6, explicit_bounds = 7, attributes = 9.
 */
function readPoint(cursor: Cursor, end: number): void {
  const { histogram, view } = cursor;
  const attributes = histogram ? 9 : 7;
  cursor.keyStart = cursor.keyEnd = end;
  cursor.start = cursor.time = cursor.value = cursor.sum = 0;
  cursor.bucketsStart = cursor.bucketsEnd = cursor.boundsStart = cursor.boundsEnd = end;
  while (cursor.at < end && !cursor.bad) {
    const tag = varint(cursor, end);
    const field = tag >> 3;
    const type = tag & 7;
    if (type === fixed64Type && cursor.at + 8 <= end) {
      if (field === 2) cursor.start = fixed64(view, cursor.at);
      else if (field === 3) cursor.time = Math.round(fixed64(view, cursor.at) / 1e6);
      else if (field === (histogram ? 4 : 6)) cursor.value = fixed64(view, cursor.at);
      else if (field === 4) cursor.value = view.getFloat64(cursor.at, true);
      else if (field === 5 && histogram) cursor.sum = view.getFloat64(cursor.at, true);
      cursor.at += 8;
    } else if (type === bytesType) {
      const valueEnd = lengthEnd(cursor, end);
      if (field === attributes) readAttribute(cursor, valueEnd);
      else if (field === 6 && histogram) {
        cursor.bucketsStart = cursor.at;
        cursor.bucketsEnd = valueEnd;
      } else if (field === 7 && histogram) {
        cursor.boundsStart = cursor.at;
        cursor.boundsEnd = valueEnd;
      }
      if (!cursor.bad) cursor.at = valueEnd;
    } else skip(cursor, tag, end);
  }
}

/** KeyValue: key = 1, value = 2, an AnyValue with string_value = 1. */
function readAttribute(cursor: Cursor, end: number): void {
  let named = false;
  while (cursor.at < end && !cursor.bad) {
    const tag = varint(cursor, end);
    if ((tag & 7) !== bytesType) {
      skip(cursor, tag, end);
      continue;
    }
    const valueEnd = lengthEnd(cursor, end);
    if (tag >> 3 === 1) named = isKeyName(cursor.bytes, cursor.at, valueEnd);
    else if (tag >> 3 === 2 && named) {
      eachMessage(cursor, valueEnd, 1, (textEnd) => {
        cursor.keyStart = cursor.at;
        cursor.keyEnd = textEnd;
        cursor.at = textEnd;
      });
    }
    if (!cursor.bad) cursor.at = valueEnd;
  }
}

function isKeyName(bytes: Uint8Array, start: number, end: number): boolean {
  return end - start === keyName.length && keyName.every((byte, index) => bytes[start + index] === byte);
}

/** The end of what a length stands before; the cursor is behind the length. */
function lengthEnd(cursor: Cursor, end: number): number {
  const length = varint(cursor, end);
  if (!cursor.bad && length <= end - cursor.at) return cursor.at + length;
  cursor.bad = true;
  cursor.at = end;
  return end;
}

function skip(cursor: Cursor, tag: number, end: number): void {
  const type = tag & 7;
  if (type === varintType) varint(cursor, end);
  else if (type === fixed64Type) cursor.at += 8;
  else if (type === bytesType) cursor.at = lengthEnd(cursor, end);
  else if (type === fixed32Type) cursor.at += 4;
  else cursor.bad = true;
  if (cursor.at > end) cursor.bad = true;
}

/** Exact below 2^35; a larger one is no tag and no length. */
function varint(cursor: Cursor, end: number): number {
  const { bytes } = cursor;
  let value = 0;
  let factor = 1;
  for (let at = cursor.at; at < end && at < cursor.at + 10; at += 1) {
    const byte = bytes[at] ?? 0;
    value += (byte & 127) * factor;
    if (byte < 128) {
      cursor.at = at + 1;
      return value;
    }
    factor *= 128;
  }
  cursor.bad = true;
  return 0;
}
