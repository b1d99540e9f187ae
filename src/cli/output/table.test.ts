import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTable } from './table.ts';

test('columns are padded by three spaces and the last cell by none', () => {
  const lines = formatTable(
    ['NAME', 'STATUS', 'ERROR', 'GATEWAYS', 'AGE'],
    [['mesh', 'Available', '', '[18.184.240.108 18.196.72.62]', '15m']],
  );
  assert.deepEqual(lines, [
    'NAME   STATUS      ERROR   GATEWAYS                        AGE',
    'mesh   Available           [18.184.240.108 18.196.72.62]   15m',
  ]);
});

test('a column is at least six wide', () => {
  assert.deepEqual(formatTable(['A', 'B'], [['x', 'y']]), ['A     B', 'x     y']);
});

test('a cell cannot break its row or drive the terminal', () => {
  assert.deepEqual(formatTable(['A', 'B'], [['x\n\u001b[31my', 'z']]), ['A         B', 'x [31my   z']);
});
