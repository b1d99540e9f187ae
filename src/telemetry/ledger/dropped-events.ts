// Events that are in nothing the ledger tells, by the reason: what is missing is counted.
import type { LedgerContext } from './context.ts';
import { numberIn, textIn } from './row.ts';

export interface DroppedEvents {
  add(reason: string, events: number): void;
  all(): ReadonlyMap<string, number>;
}

export function createDroppedEvents({ database, staging }: LedgerContext): DroppedEvents {
  const replace = database.prepare('REPLACE INTO dropped VALUES (?, ?)');
  const rows = database.prepare('SELECT reason, events FROM dropped').all();
  const dropped = staging.map(new Map(rows.map((row) => [textIn(row, 'reason'), numberIn(row, 'events')])));
  return {
    add(reason, events) {
      if (!(events > 0)) return;
      const total = (dropped.get(reason) ?? 0) + events;
      replace.run(reason, total);
      dropped.set(reason, total);
    },
    all: () => new Map(dropped.committed),
  };
}
