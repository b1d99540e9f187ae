// Decisions, each a row: what is asked by, and its body as JSON. Invariants: ids grow and are never given twice, also
// after the rows are gone; no more rows than the bound, and who fills them loses their own before those of others.
import type { Decision, NewDecision } from '../decision.ts';
import type { DecisionQuery } from '../ledger.ts';
import type { LedgerContext } from './context.ts';
import { bodyText, readDecision } from './decision-body.ts';
import { workloadName } from './host-cap.ts';
import { numberIn, type Row, textIn } from './row.ts';

export interface DecisionTable {
  /** Gives them ids, in their order. */
  add(decisions: readonly NewDecision[]): readonly Decision[];
  query(query: DecisionQuery): readonly Decision[];
  /** Of all that were ever committed. */
  lastId(): number;
  /** Takes away those of the oldest `limit` whose last event was before this time. */
  expire(before: number, limit: number): void;
}

const defaultLimit = 1000;
/** A workload with more than this share of the bound loses its own first. */
const workloadShare = 0.2;

export function createDecisionTable({ database, staging, bounds }: LedgerContext): DecisionTable {
  const insert = database.prepare('INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?)');
  const insertBody = database.prepare('INSERT INTO decision_bodies VALUES (?, ?)');
  const removeBody = database.prepare('DELETE FROM decision_bodies WHERE id = ?');
  const remove = (ids: string) =>
    database.prepare(`DELETE FROM decisions WHERE id IN (${ids}) RETURNING id, namespace, workload`);
  const removeOldest = remove('SELECT id FROM decisions ORDER BY id LIMIT ?');
  const removeOldestOf = remove(`SELECT id FROM decisions WHERE namespace || '/' || workload = ? ORDER BY id LIMIT ?`);
  // Ids grow nearly as times do, so what is too old is among the first.
  const removeOlder = remove(
    'SELECT id FROM (SELECT id, last_at FROM decisions ORDER BY id LIMIT ?) WHERE last_at < ?',
  );
  const select = (order: 'ASC' | 'DESC') =>
    database.prepare(
      `SELECT * FROM decisions JOIN decision_bodies USING (id)
       WHERE id > ?1 AND last_at >= ?2 AND (?3 IS NULL OR namespace = ?3) AND (?4 IS NULL OR workload = ?4)
         AND (?5 IS NULL OR host = ?5) AND (?6 IS NULL OR verdict = ?6)
       ORDER BY id ${order} LIMIT ?7`,
    );
  const selectOldest = select('ASC');
  const selectNewest = select('DESC');

  const counts = database.prepare('SELECT namespace, workload, count(*) AS held FROM decisions GROUP BY 1, 2').all();
  /** Rows of each workload. */
  const held = staging.map(new Map(counts.map((row) => [rowWorkload(row), numberIn(row, 'held')])));
  // What AUTOINCREMENT remembers, also without rows.
  const sequence = database.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'decisions'`).get();
  const lastId = staging.value(sequence === undefined ? 0 : numberIn(sequence, 'seq'));

  function hold(workload: string, difference: number): void {
    const own = (held.get(workload) ?? 0) + difference;
    if (own > 0) held.set(workload, own);
    else held.delete(workload);
  }

  function forget(removed: readonly Row[]): void {
    for (const row of removed) {
      removeBody.run(numberIn(row, 'id'));
      hold(rowWorkload(row), -1);
    }
  }

  function insertOne(decision: NewDecision): Decision {
    const { source, destination, lastAt, verdict } = decision;
    const id = lastId.get() + 1;
    insert.run(id, lastAt, source.namespace, source.workload, destination.host, verdict);
    insertBody.run(id, bodyText(decision));
    lastId.set(id);
    hold(workloadName(source), 1);
    return { ...decision, id };
  }

  function keepBound(): void {
    const share = Math.ceil(bounds.decisions * workloadShare);
    for (;;) {
      const byRows = [...held.entries()].sort(([, a], [, b]) => b - a);
      const excess = byRows.reduce((sum, [, own]) => sum + own, 0) - bounds.decisions;
      if (excess <= 0) return;
      const [workload, own] = byRows[0] ?? ['', 0];
      if (own > share) forget(removeOldestOf.all(workload, Math.min(excess, own - share)));
      else forget(removeOldest.all(excess));
    }
  }

  return {
    add(decisions) {
      if (decisions.length === 0) return [];
      const added = decisions.map(insertOne);
      keepBound();
      return added;
    },
    query({ since = 0, afterId, namespace, workload, host, verdict, limit = defaultLimit }) {
      const statement = afterId === undefined ? selectNewest : selectOldest;
      const asked = [namespace ?? null, workload ?? null, host ?? null, verdict ?? null] as const;
      const found = statement.all(afterId ?? 0, since, ...asked, limit).map(readDecision);
      return afterId === undefined ? found.reverse() : found;
    },
    lastId: () => lastId.committed,
    expire: (before, limit) => forget(removeOlder.all(limit, before)),
  };
}

function rowWorkload(row: Row): string {
  return workloadName({ namespace: textIn(row, 'namespace'), workload: textIn(row, 'workload') });
}
