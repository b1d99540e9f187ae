// Series are found whatever their order, and are bounded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exportBytes } from '../testing/export-bytes.ts';
import { readPoints } from './otlp-points.ts';
import { createProxyTotals } from './proxy-totals.ts';
import { createSeriesTable } from './series-table.ts';

const name = 'istio.istio_tcp_connections_closed_total';
const keyOf = (index: number) => `source;outbound|80||host-${index}.test;-;0;-;-;10.0.0.1:80`;

function exportOf(indices: readonly number[], value = 1): Uint8Array {
  return exportBytes({ start: 7, time: 1, series: indices.map((index) => ({ name, key: keyOf(index), value })) });
}

test('the same series in any order, each made once', () => {
  const made: string[] = [];
  const table = createSeriesTable((_name, key) => {
    made.push(key);
    return key;
  }, 100);
  const find = (indices: readonly number[]) => {
    const found: (string | undefined)[] = [];
    table.rewind();
    readPoints(exportOf(indices), (point) => found.push(table.find(point)));
    assert.deepEqual(found, indices.map(keyOf));
  };
  for (const order of [[1, 2, 3], [1, 2, 3], [3, 1, 2], [2], [1, 4, 2, 3], [], [4, 4, 1], [1, 2, 3, 4]]) find(order);
  assert.deepEqual(made, [1, 2, 3, 4].map(keyOf));
});

test('what is above the bound is counted, but not by its series', () => {
  const totals = createProxyTotals(2);
  totals.take(exportOf([1, 2, 3, 4], 5));
  assert.equal(totals.beyond, 10);
  totals.take(exportOf([1, 2, 3, 4], 8));
  assert.equal(totals.beyond, 16);
  assert.deepEqual(
    [...totals.gains()].map(({ gained }) => gained[1]),
    [[8], [8]],
  );
  const later = createProxyTotals(2);
  later.restore(7, new Map());
  later.take(exportOf([1, 2, 3, 4], 8));
  assert.equal(later.beyond, 0, 'after a restart of ours the first export only says from where on to count');
});
