// Connections that are open now: opened less closed, of each flow since it is known. The close may be heard before the
// opening, so the difference is kept as it is; only who reads it takes what is below zero for none.
import type { LedgerContext } from './context.ts';
import { numberIn } from './row.ts';

export interface OpenNow {
  readonly open: number;
  /** When the last one was opened or closed, milliseconds since 1970. */
  readonly lastAt: number;
}

export interface OpenConnections {
  /** `difference` is what was opened less what was closed. */
  add(flow: number, difference: number, at: number): void;
  forget(flow: number): void;
  /** What was committed; undefined if none is open. */
  now(flow: number): OpenNow | undefined;
  /** Flows that have open connections. */
  flows(): Iterable<number>;
}

export function createOpenConnections({ database, staging }: LedgerContext): OpenConnections {
  const write = database.prepare('REPLACE INTO open_connections VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM open_connections WHERE flow = ?');
  const differences = staging.map(new Map<number, OpenNow>());
  for (const row of database.prepare('SELECT flow, open, last_at FROM open_connections').all()) {
    differences.set(numberIn(row, 'flow'), { open: numberIn(row, 'open'), lastAt: numberIn(row, 'last_at') });
  }
  staging.settle();

  function forget(flow: number): void {
    if (differences.get(flow) === undefined) return;
    remove.run(flow);
    differences.delete(flow);
  }

  function now(flow: number): OpenNow | undefined {
    const known = differences.committed.get(flow);
    return known !== undefined && known.open > 0 ? known : undefined;
  }

  return {
    add(flow, difference, at) {
      const before = differences.get(flow);
      const open = (before?.open ?? 0) + difference;
      if (open === 0) return forget(flow);
      const lastAt = Math.max(at, before?.lastAt ?? 0);
      write.run(flow, open, lastAt);
      differences.set(flow, { open, lastAt });
    },
    forget,
    now,
    *flows() {
      for (const flow of differences.committed.keys()) if (now(flow) !== undefined) yield flow;
    },
  };
}
