// The decoder against what Envoy sends, and against bytes that nobody would send.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { histogramBounds } from '../../observation.ts';
import { readHistogram } from '../histogram.ts';
import { exportBytes, type TotalOfSeries } from '../testing/export-bytes.ts';
import { keyOf, nameOf, type Point, readPoints } from './otlp-points.ts';
import { createProxyTotals } from './proxy-totals.ts';

const name = 'istio.istio_request_duration_milliseconds';
const key = 'source;outbound|80||good.test;default;200;-;;-';
const buckets = [1, 0, 2, ...new Array<number>(16).fill(0), 2 ** 40];
const series: readonly TotalOfSeries[] = [
  { name, key, buckets, sum: 12.5 },
  { name: 'istio.istio_tcp_connections_opened_total', key, value: 2 ** 52 },
  { name: 'cluster.outbound|80||good.test.upstream_cx_tx_bytes_total', value: 0 },
];
const whole = exportBytes({ start: 1_795_279_383_205_205, time: 1_795_279_451_393, series });

function read(bytes: Uint8Array) {
  const points: unknown[] = [];
  const ok = readPoints(bytes, (point: Point) => {
    const { histogram, start, time, value, sum } = point;
    points.push({ name: nameOf(point), key: keyOf(point), histogram, start, time, value, sum });
  });
  return { ok, points };
}

test('reads sums and histograms with all that is asked of them', () => {
  const times = { start: 1_795_279_383_205_205, time: 1_795_279_451_393 };
  assert.deepEqual(read(whole), {
    ok: true,
    points: [
      { name, key, histogram: true, ...times, value: 3 + 2 ** 40, sum: 12.5 },
      { name: series[1]?.name, key, histogram: false, ...times, value: 2 ** 52, sum: 0 },
      { name: series[2]?.name, key: '', histogram: false, ...times, value: 0, sum: 0 },
    ],
  });
  const parts = Buffer.concat([whole, whole]);
  assert.equal(read(parts).points.length, 6, 'fields of a message may be repeated');
});

test('histograms have the bounds of observations; others go where their upper bounds lie', () => {
  const valuesOf = (bounds?: readonly number[], counts: readonly number[] = buckets) => {
    const bytes = exportBytes({
      start: 1,
      time: 1,
      series: [{ name, key, buckets: counts, sum: 7, ...(bounds === undefined ? {} : { bounds }) }],
    });
    let values: readonly number[] | undefined;
    readPoints(bytes, (point) => {
      values = readHistogram(point);
    });
    return values;
  };
  assert.deepEqual(valuesOf(), [7, ...buckets]);
  // 11 and 22 lie in the bucket up to 25, what is above them all in the last one.
  const mapped = [7, ...histogramBounds.map((bound) => (bound === 25 ? 3 : 0)), 4];
  assert.deepEqual(valuesOf([11, 22], [1, 2, 4]), mapped);
  assert.equal(valuesOf([1, 2], [1, 2]), undefined, 'its parts do not fit each other');
});

test('bytes of any kind are read or refused, and never throw', () => {
  const change = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }));
  const mutated = fc.tuple(fc.nat(whole.length), fc.array(change, { maxLength: 6 })).map(([length, changes]) => {
    const bytes = Uint8Array.from(whole);
    for (const [at, byte] of changes) bytes[at] = byte;
    return bytes.subarray(0, length);
  });
  const totals = createProxyTotals();
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      totals.take(bytes);
      for (const { gained } of totals.gains()) {
        for (const values of gained) for (const value of values ?? []) assert.ok(value >= 0 && Number.isFinite(value));
      }
    }),
    { seed: 20_26, numRuns: 20_000 },
  );
  assert.equal(read(whole.subarray(0, whole.length - 1)).ok, false);
  assert.equal(read(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])).ok, false);
});
