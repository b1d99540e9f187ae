// Since when workloads call anybody, and the mesh as a whole: whoever is new calls everything for the first time. Invariant:
// bounded; who is forgotten begins to learn anew.

import type { Source } from '../../traffic.ts';
import type { LedgerContext } from '../context.ts';
import { workloadName } from '../host-cap.ts';
import { numberIn, textIn } from '../row.ts';

export interface Learning {
  /** It calls somebody; so does the mesh. */
  note(source: Source | undefined, at: number): void;
  /** Of a workload (`namespace/name`), or of the mesh (empty); it begins now where nothing was noted. */
  since(workload: string, now: number): number;
  /** Workloads of a namespace that are known. */
  workloadsOf(namespace: string): readonly string[];
}

export function createLearning({ database, staging, bounds }: LedgerContext): Learning {
  const write = database.prepare('REPLACE INTO learning VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM learning WHERE workload = ?');
  const rows = database.prepare('SELECT workload, since FROM learning').all();
  const known = staging.map(new Map(rows.map((row) => [textIn(row, 'workload'), numberIn(row, 'since')])));

  function forgetOldest(): void {
    const byAge = [...known.entries()].filter(([workload]) => workload !== '').sort(([, a], [, b]) => a - b);
    for (const [workload] of byAge.slice(0, Math.ceil(bounds.workloads / 20))) {
      remove.run(workload);
      known.delete(workload);
    }
  }

  function begin(workload: string, at: number): void {
    if (known.get(workload) !== undefined) return;
    if (known.size > bounds.workloads) forgetOldest();
    write.run(workload, at);
    known.set(workload, at);
  }

  return {
    note(source, at) {
      begin('', at);
      begin(workloadName(source), at);
    },
    since: (workload, now) => known.get(workload) ?? now,
    workloadsOf(namespace) {
      const prefix = `${namespace}/`;
      const names: string[] = [];
      for (const [workload] of known.entries())
        if (workload.startsWith(prefix)) names.push(workload.slice(prefix.length));
      return names;
    },
  };
}
