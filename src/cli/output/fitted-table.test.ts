import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FittedColumn, formatFittedTable } from './fitted-table.ts';

const columns: readonly FittedColumn[] = [
  { title: 'NAME', cutTo: [10, 5] },
  { title: 'KIND' },
  { title: 'EXTRA', spare: 2, early: true },
  { title: 'CODES', cutTo: [8, 6], cut: 'end', spare: 1 },
];
const rows = [
  ['catalog.example.com', 'service', 'anything', '200:1 404:2 503:3'],
  ['x', 'tcp', '', '-'],
];

const expected: readonly (readonly [number, readonly string[]])[] = [
  [
    Number.POSITIVE_INFINITY,
    [
      'NAME                 KIND     EXTRA     CODES',
      'catalog.example.com  service  anything  200:1 404:2 503:3',
      'x                    tcp                -',
    ],
  ],
  [
    48,
    [
      'NAME           KIND     EXTRA     CODES',
      'catalo…le.com  service  anything  200:1 404:2 5…',
      'x              tcp                -',
    ],
  ],
  [36, ['NAME          KIND     CODES', 'catal…le.com  service  200:1 404:2 …', 'x             tcp      -']],
  [25, ['NAME     KIND     CODES', 'cat…com  service  200:1 …', 'x        tcp      -']],
  [20, ['NAME         KIND', 'catal…e.com  service', 'x            tcp']],
  [10, ['NAME   K…D', 'ca…om  s…e', 'x      tcp']],
];

for (const [width, lines] of expected) {
  test(`in ${width} characters`, () => {
    assert.deepEqual(formatFittedTable({ columns, rows, gap: 2, width }), lines);
  });
}

test('paint sees cells at their width, and the header is left as it is', () => {
  const painted: unknown[] = [];
  const paint = (text: string, row: number, { title }: FittedColumn) => {
    painted.push([text, row, title]);
    return `<${text}>`;
  };
  const lines = formatFittedTable({ columns: columns.slice(0, 2), rows: rows.slice(1), gap: 1, width: 80, paint });
  assert.deepEqual(lines, ['NAME KIND', '<x    ><tcp>']);
  assert.deepEqual(painted, [
    ['x    ', 0, 'NAME'],
    ['tcp', 0, 'KIND'],
  ]);
});

test('no cell drives the terminal or widens its line', () => {
  const cell = fc.string({ unit: 'grapheme', maxLength: 40 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell, cell), { maxLength: 5 }),
      fc.integer({ min: 1, max: 120 }),
      (some, width) => {
        const lines = formatFittedTable({ columns, rows: some, gap: 2, width });
        assert.equal(lines.length, some.length + 1);
        for (const line of lines) {
          assert.ok([...line].length <= width, line);
          assert.doesNotMatch(line, /\p{Cc}/u);
        }
      },
    ),
  );
});
