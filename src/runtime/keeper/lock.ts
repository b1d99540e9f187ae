// One keeper per data folder. The lock is SQLite's on a file that holds nothing else: the system releases it when
// its process dies in whatever way, children do not inherit it, and nobody without the folder can take it.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface Lock {
  release(): void;
}

/** Undefined if another process holds it. */
export function tryLock(keeperPath: string): Lock | undefined {
  mkdirSync(keeperPath, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(keeperPath, 'lock.sqlite'));
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

/** SQLITE_BUSY. */
const busy = 5;
