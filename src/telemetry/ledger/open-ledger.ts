// The ledger on a SQLite file. A batch is one transaction, and so is what it changes in memory: both are there after
// COMMIT, or neither is. Everything runs on the caller's thread from start to end, so commits never overlap.
import type { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../../platform/errors.ts';
import { openDatabase } from '../../store/local/database.ts';
import { corruptStore, storeError } from '../../store/local/sqlite-error.ts';
import type { Batch, Committed, Ledger } from '../ledger.ts';
import { createAlertTable } from './alerts/alert-table.ts';
import { type AlertSurroundings, createAlertWatch, plainSurroundings } from './alerts/alert-watch.ts';
import { defaultBounds, type LedgerBounds } from './bounds.ts';
import { cleanDecision } from './clean-decision.ts';
import { cleanObservation } from './clean-observation.ts';
import { joinedDecisions } from './decision-join.ts';
import { createDecisionTable } from './decision-table.ts';
import { createDictionary } from './dictionary.ts';
import { createDroppedEvents } from './dropped-events.ts';
import { createFlowWriter } from './flow-buckets.ts';
import { readIdentity } from './flow-identity.ts';
import { createFlowOutcomes } from './flow-outcomes.ts';
import { createFlowReader } from './flow-query.ts';
import { createHorizons } from './horizons.ts';
import { createHostCap } from './host-cap.ts';
import { createOpenConnections } from './open-connections.ts';
import { createPositions } from './positions.ts';
import { createRetention } from './retention.ts';
import { ledgerMigrations } from './schema.ts';
import { createSeriesBook } from './series-book.ts';
import { createStaging } from './staging.ts';

export interface LedgerOptions {
  /** The SQLite file; it and its folder are created if missing. One process at a time has it. */
  readonly file: string;
  /** Milliseconds since 1970; the machine's if absent. */
  readonly clock?: () => number;
  /** What alerts are judged by; the defaults if absent. */
  readonly surroundings?: AlertSurroundings;
  /** Those that differ from defaultBounds. */
  readonly bounds?: Partial<LedgerBounds>;
}

/**
 * Throws SallyportError: `SP_STORE_IN_USE`, `SP_STORE_NEWER`, `SP_STORE_CORRUPT`, `SP_STORE_UNREADABLE`,
 * `SP_STORE_READ_ONLY`, `SP_DISK_FULL`.
 */
export function openLedger(options: LedgerOptions): Ledger {
  const { file } = options;
  const database = openDatabase(file, ledgerMigrations, { readers: true });
  try {
    return createLedger(database, options);
  } catch (error) {
    database.close();
    // What SQLite does not say itself was found in a row.
    throw isOfSqlite(error) ? storeError(file, error) : corruptStore(file, messageOf(error), { cause: error });
  }
}

function tune(database: DatabaseSync): void {
  // Without an fsync for each commit. In WAL mode a process may die at any moment and loses nothing that it wrote, for
  // the kernel has it; a machine that loses power may lose the last commits whole, counts and positions together, so
  // that they are read again. Nothing is damaged either way.
  database.exec('PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192');
  // The log beside the file is cut to this again after one large batch.
  database.exec('PRAGMA journal_size_limit = 8388608');
  // Free pages can be given back. The mode is set by a VACUUM only, which costs nothing while the file is new.
  if (Number(database.prepare('PRAGMA auto_vacuum').get()?.['auto_vacuum']) !== 2) {
    database.exec('PRAGMA auto_vacuum = INCREMENTAL; VACUUM');
  }
}

/** The ledger on an open database, which it closes. */
export function createLedger(database: DatabaseSync, options: LedgerOptions): Ledger {
  const { file, clock = Date.now, surroundings = plainSurroundings } = options;
  tune(database);
  const staging = createStaging();
  const context = { database, staging, bounds: { ...defaultBounds, ...options.bounds } };
  const cap = createHostCap(context);
  const flowParts = {
    identities: createDictionary(context, 'flows', readIdentity),
    outcomes: createFlowOutcomes(context),
    open: createOpenConnections(context),
    horizons: createHorizons(context),
  };
  const writeFlows = createFlowWriter(context, flowParts);
  const readFlows = createFlowReader(context, flowParts, clock);
  const series = createSeriesBook(context, cap);
  const decisions = createDecisionTable(context);
  const alerts = createAlertTable(context);
  const watch = createAlertWatch(context, flowParts, alerts, surroundings);
  const positions = createPositions(context);
  const dropped = createDroppedEvents(context);
  const retention = createRetention(context, { ...flowParts, cap, series, decisions });
  const listeners = new Set<(committed: Committed) => void>();

  /** All of the work is done, or nothing of it. */
  function transact<T>(work: () => T): T {
    try {
      database.exec('BEGIN IMMEDIATE');
      const result = work();
      database.exec('COMMIT');
      staging.settle();
      return result;
    } catch (error) {
      staging.discard();
      // On a full disk SQLite has rolled back already.
      if (database.isTransaction) database.exec('ROLLBACK');
      watch.forget();
      throw ledgerError(error);
    }
  }

  /** A bug stays one. */
  function ledgerError(error: unknown): unknown {
    return isOfSqlite(error) ? storeError(file, error) : error;
  }

  function write(batch: Batch): Committed {
    const observations = batch.observations.map((seen) => cap.observation(cleanObservation(seen)));
    const flows = writeFlows(observations);
    watch.look(flows);
    dropped.add('series-cap', series.add(observations));
    for (const [reason, events] of batch.dropped) dropped.add(reason, events);
    const capped = batch.decisions.map((decision) => cap.decision(cleanDecision(decision)));
    const added = decisions.add(joinedDecisions(capped));
    watch.hear(added);
    positions.write(batch.positions);
    retention.keepUp(observations.length);
    return { at: batch.at, decisions: added, flows: flows.rows.length > 0, alerts: alerts.flush() };
  }

  /** Alerts that change without a batch. */
  function changeAlerts<T>(at: number, change: () => T): T {
    const { result, changed } = transact(() => ({ result: change(), changed: alerts.flush() }));
    if (changed) tell({ at, decisions: [], flows: false, alerts: true });
    return result;
  }

  function tell(committed: Committed): void {
    for (const listener of listeners) notify(listener, committed);
  }

  return {
    commit(batch) {
      const committed = transact(() => write(batch));
      const isEmpty = batch.observations.length + batch.decisions.length + batch.dropped.size === 0;
      if (!isEmpty) tell(committed);
    },
    sweep(now) {
      changeAlerts(now, () => {
        watch.sweep(now);
        retention.sweep(now);
      });
      try {
        retention.shrink();
      } catch (error) {
        throw ledgerError(error);
      }
    },
    flows: readFlows,
    decisions: decisions.query,
    alerts: alerts.query,
    acknowledge: (id) => changeAlerts(clock(), () => alerts.acknowledge(id, clock())),
    lastDecisionId: decisions.lastId,
    series: series.all,
    dropped: dropped.all,
    positions: positions.all,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      if (database.isOpen) database.close();
    },
  };
}

function isOfSqlite(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error;
}

/** A listener's mistake is not the batch's, which is committed and must not be tried again. */
function notify(listener: (committed: Committed) => void, committed: Committed): void {
  try {
    listener(committed);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
