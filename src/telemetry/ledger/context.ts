// What each part of the ledger stands on: the open database and the memory that changes with its transactions.
import type { DatabaseSync } from 'node:sqlite';
import type { LedgerBounds } from './bounds.ts';
import type { Staging } from './staging.ts';

export interface LedgerContext {
  readonly database: DatabaseSync;
  readonly staging: Staging;
  readonly bounds: LedgerBounds;
}
