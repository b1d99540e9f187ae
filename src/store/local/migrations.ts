// The store's SQLite schema as the steps that lead to it; the file's user_version counts the steps it has taken.
// Invariant: a step that was ever released is never edited; a new one is added at the end. All missing steps are
// one transaction, and a copy of a file that holds data is made beside it first.
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { SallyportError } from '../../platform/errors.ts';

export const storeMigrations: readonly string[] = [
  `CREATE TABLE objects (
     api_group TEXT NOT NULL,
     kind TEXT NOT NULL,
     namespace TEXT NOT NULL,
     name TEXT NOT NULL,
     owner_file TEXT,
     json TEXT NOT NULL,
     PRIMARY KEY (api_group, kind, namespace, name)
   ) STRICT;
   CREATE TABLE revision (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     resource_version INTEGER NOT NULL
   ) STRICT;
   INSERT INTO revision VALUES (1, 0);`,
];

/**
 * Brings the open database from schema `version` (0: empty) to the newest. The copy of an older file is
 * `<file>.v<version>.backup`. Throws `SP_STORE_NEWER` if a newer program wrote the file.
 */
export function migrate(database: DatabaseSync, file: string, version: number, steps: readonly string[]): void {
  if (version > steps.length) {
    const message = `the store ${file} has schema ${version}; this program knows schemas up to ${steps.length}`;
    const hint = `use the newer program, or put its copy ${backupFile(file, steps.length)} in its place`;
    throw new SallyportError('SP_STORE_NEWER', message, { hint });
  }
  if (version === steps.length) return;
  if (version > 0) backUp(database, backupFile(file, version));
  database.exec('BEGIN EXCLUSIVE');
  for (const step of steps.slice(version)) database.exec(step);
  database.exec(`PRAGMA user_version = ${steps.length}`);
  database.exec('COMMIT');
}

function backupFile(file: string, version: number): string {
  return `${file}.v${version}.backup`;
}

// Through SQLite, not by copying the file: opening and closing it would drop this process's lock on it.
function backUp(database: DatabaseSync, target: string): void {
  const unfinished = `${target}.tmp`;
  rmSync(unfinished, { force: true });
  database.prepare('VACUUM INTO ?').run(unfinished);
  const handle = openSync(unfinished, 'r+');
  fsyncSync(handle);
  closeSync(handle);
  renameSync(unfinished, target);
}
