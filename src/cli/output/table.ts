// Tables as kubectl prints them: columns padded by three spaces, no lines, nothing behind the last cell.
// Invariant: one row is one line, whatever a cell holds.

const gap = 3;
const smallestColumn = 6;

/** Lines of the table, each without its newline. Rows may be shorter than the header. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = columnWidths([header, ...rows]);
  return [header, ...rows].map((row) => formatRow(row, widths));
}

/** As wide as the widest cell and the gap; kept by a watch that prints row by row. */
export function columnWidths(rows: readonly (readonly string[])[]): readonly number[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? smallestColumn, [...oneLine(cell)].length + gap);
    });
  }
  return widths;
}

export function formatRow(row: readonly string[], widths: readonly number[]): string {
  const last = row.length - 1;
  return row
    .map((cell, column) => (column === last ? oneLine(cell) : pad(oneLine(cell), widths[column] ?? smallestColumn)))
    .join('');
}

/** Control characters would break the row, or drive the terminal. */
export function oneLine(cell: string): string {
  return cell.replace(/\p{Cc}+/gu, ' ');
}

/** Counts characters, not UTF-16 units. */
function pad(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - [...cell].length));
}
