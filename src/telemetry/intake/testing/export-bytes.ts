// Writes exports as Envoy's OpenTelemetry sink does, from plain values. Only for tests.
import { histogramBounds } from '../../observation.ts';

export interface TotalOfSeries {
  readonly name: string;
  /** None for bytes on the wire. */
  readonly key?: string;
  /** A sum. */
  readonly value?: number;
  /** A histogram: one number for each bucket. */
  readonly buckets?: readonly number[];
  readonly sum?: number;
  readonly bounds?: readonly number[];
}

export interface ExportOptions {
  /** Of the process, microseconds. */
  readonly start: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly series: readonly TotalOfSeries[];
}

export function exportBytes(options: ExportOptions): Uint8Array {
  const metrics = options.series.map((series) => field(2, metricBytes(series, options)));
  const sdk = field(1, field(1, text(1, 'telemetry.sdk.name'), field(2, text(1, 'envoy'))));
  return field(1, sdk, field(2, ...metrics));
}

function metricBytes(series: TotalOfSeries, { start, time }: ExportOptions): Buffer {
  const times = [fixed64(2, BigInt(start)), fixed64(3, BigInt(time) * 1_000_000n)];
  const key =
    series.key === undefined ? Buffer.alloc(0) : Buffer.concat([text(1, 'key'), field(2, text(1, series.key))]);
  if (series.buckets === undefined) {
    const attributes = series.key === undefined ? Buffer.alloc(0) : field(7, key);
    const point = field(1, ...times, fixed64(6, BigInt(series.value ?? 0)), attributes);
    return Buffer.concat([text(1, series.name), field(7, point, Buffer.from([0x10, 2, 0x18, 1]))]);
  }
  const count = series.buckets.reduce((sum, bucket) => sum + bucket, 0);
  const buckets = Buffer.concat(series.buckets.map((bucket) => number64(BigInt(bucket))));
  const bounds = Buffer.concat((series.bounds ?? histogramBounds).map((bound) => double(bound)));
  const values = [fixed64(4, BigInt(count)), Buffer.concat([Buffer.from([(5 << 3) | 1]), double(series.sum ?? 0)])];
  const point = field(1, ...times, ...values, field(6, buckets), field(7, bounds), field(9, key));
  return Buffer.concat([text(1, series.name), field(9, point, Buffer.from([0x10, 2]))]);
}

function field(number: number, ...parts: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(value.length), value]);
}

function text(number: number, value: string): Buffer {
  return field(number, Buffer.from(value));
}

function fixed64(number: number, value: bigint): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 1]), number64(value)]);
}

function number64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Buffer.from([...bytes, left]);
}
