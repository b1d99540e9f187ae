// How far back flows reach. What began before the hours' horizon is gone, what began before the minutes' is told by the
// hour only; from one moment to the next, however long it takes to move the rows.
import type { LedgerContext } from './context.ts';
import { numberIn } from './row.ts';
import type { Span } from './spans.ts';

export interface Horizons {
  /** 0 if nothing ever went. */
  before(span: Span): number;
  /** Never goes back. */
  advance(span: Span, before: number): void;
}

export function createHorizons({ database, staging }: LedgerContext): Horizons {
  const write = database.prepare('REPLACE INTO horizons VALUES (?, ?)');
  const rows = database.prepare('SELECT span, before FROM horizons').all();
  const horizons = staging.map(new Map(rows.map((row) => [numberIn(row, 'span'), numberIn(row, 'before')])));

  return {
    before: (span) => horizons.get(span) ?? 0,
    advance(span, before) {
      if (before <= (horizons.get(span) ?? 0)) return;
      write.run(span, before);
      horizons.set(span, before);
    },
  };
}
