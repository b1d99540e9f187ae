// How far each source of observations was read: its own words, on the disk together with what was read.
import type { LedgerContext } from './context.ts';
import { textIn } from './row.ts';

export interface Positions {
  /** Undefined: the source is no more. */
  write(positions: ReadonlyMap<string, string | undefined>): void;
  all(): ReadonlyMap<string, string>;
}

export function createPositions({ database, staging }: LedgerContext): Positions {
  const replace = database.prepare('REPLACE INTO positions VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM positions WHERE source = ?');
  const rows = database.prepare('SELECT source, position FROM positions').all();
  const positions = staging.map(new Map(rows.map((row) => [textIn(row, 'source'), textIn(row, 'position')])));
  return {
    write(changed) {
      for (const [source, position] of changed) {
        if (position === positions.get(source)) continue;
        if (position === undefined) {
          remove.run(source);
          positions.delete(source);
        } else {
          replace.run(source, position);
          positions.set(source, position);
        }
      }
    },
    all: () => new Map(positions.committed),
  };
}
