// Tables that fit a terminal. Where there is no room names are cut as far as they can still be read and columns go that can
// be done without; if that is not enough, names are cut further and other columns go. Pure; as wide as it wants where the
// width has no end. Invariant: no line is wider than the width.
import { oneLine } from './table.ts';

export interface FittedColumn {
  readonly title: string;
  /** May be cut: to so many characters at first, and where that is not enough to the second number. */
  readonly cutTo?: readonly [number, number];
  /** Where; in the middle if absent, since names differ at both ends. */
  readonly cut?: 'end';
  /** May go altogether, the highest first; `early`: before any name is cut to its second number. */
  readonly spare?: number;
  readonly early?: true;
}

export interface FittedTable {
  readonly columns: readonly FittedColumn[];
  readonly rows: readonly (readonly string[])[];
  /** Characters between columns. */
  readonly gap: number;
  readonly width: number;
  /** Colours a cell after it has its width; changes no character. */
  readonly paint?: (text: string, row: number, column: FittedColumn) => string;
}

/** The header and a line for each row, without newlines. */
export function formatFittedTable({ columns, rows, gap, width, paint }: FittedTable): readonly string[] {
  const table = rows.map((row) => row.map(oneLine));
  const widths = columns.map(({ title }, index) =>
    Math.max(...[title, ...table.map((row) => row[index] ?? '')].map(lengthOf)),
  );
  const fitted = fitWidths(columns, widths, gap, width);
  const line = (cells: readonly string[], row?: number) =>
    fitted
      .map(({ column, index, width: room }, place) => {
        const text = cut(cells[index] ?? '', room, column.cut);
        const padded = place === fitted.length - 1 ? text : text + ' '.repeat(room - lengthOf(text) + gap);
        return row === undefined || paint === undefined ? padded : paint(padded, row, column);
      })
      .join('');
  return [line(columns.map(({ title }) => title)), ...table.map((row, index) => line(row, index))];
}

interface Place {
  readonly column: FittedColumn;
  readonly index: number;
  width: number;
}

function fitWidths(
  columns: readonly FittedColumn[],
  widths: readonly number[],
  gap: number,
  width: number,
): readonly Place[] {
  const natural = (place: Omit<Place, 'width'>): Place => ({ ...place, width: widths[place.index] ?? 0 });
  let places = columns.map((column, index) => natural({ column, index }));
  for (const round of [0, 1] as const) {
    for (;;) {
      shrink(places, round, gap, width);
      if (lineWidth(places, gap) <= width) return places;
      const spare = places.filter(({ column }) => column.spare !== undefined && (round === 1 || column.early));
      const [first] = spare.toSorted((left, right) => (right.column.spare ?? 0) - (left.column.spare ?? 0));
      if (first === undefined) break;
      places = places.filter((place) => place !== first).map(natural);
    }
  }
  return clipped(places, gap, width);
}

/** The widest first, character by character, until the line fits or nothing may be cut. */
function shrink(places: readonly Place[], round: 0 | 1, gap: number, width: number): void {
  for (let excess = lineWidth(places, gap) - width; excess > 0; excess -= 1) {
    const widest = places
      .filter(
        ({ column: { cutTo, title }, width: now }) =>
          cutTo !== undefined && now > Math.max(cutTo[round], lengthOf(title)),
      )
      .reduce<Place | undefined>(
        (left, right) => (left === undefined || right.width > left.width ? right : left),
        undefined,
      );
    if (widest === undefined) return;
    widest.width -= 1;
  }
}

function lineWidth(places: readonly Place[], gap: number): number {
  return places.reduce((sum, place) => sum + place.width + gap, -gap);
}

/** What has room, from the left. */
function clipped(places: readonly Place[], gap: number, width: number): readonly Place[] {
  let start = 0;
  return places.flatMap((place) => {
    const room = Math.min(place.width, width - start);
    start += place.width + gap;
    return room > 0 ? [{ ...place, width: room }] : [];
  });
}

function cut(text: string, room: number, where: FittedColumn['cut']): string {
  const characters = [...text];
  if (characters.length <= room) return text;
  const head = where === 'end' ? room - 1 : Math.floor((room - 1) / 2);
  return `${characters.slice(0, head).join('')}…${characters.slice(characters.length - (room - 1 - head)).join('')}`;
}

/** Characters, not UTF-16 units. */
function lengthOf(text: string): number {
  return [...text].length;
}
