// Opens the store's SQLite file for its single writer. Invariants: the exclusive lock is taken before anything is
// read and held until the file is closed; a file that is not ours, or too new, is left as it is; a commit has
// reached the disk when it returns (WAL with synchronous=FULL).
import { accessSync, closeSync, constants, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemCode } from '../../platform/errors.ts';
import { migrate, storeMigrations } from './migrations.ts';
import { corruptStore, storeError } from './sqlite-error.ts';

/** Marks a SQLite file as a store of ours: `Sply`. */
const applicationId = 0x53706c79;
/** How long to wait for another process that is just letting go of the file. */
const lockWaitMs = 1000;

/**
 * Creates the file (mode 0600) and its folder (0700) if missing, locks it and brings it to the newest schema.
 * Throws SallyportError: see storeError and migrate.
 */
export function openDatabase(file: string, migrations: readonly string[] = storeMigrations): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    createFile(file);
    // SQLite would open them for reading only, and then fail at the lock with a word about I/O.
    accessSync(file, constants.W_OK);
    accessSync(dirname(file), constants.W_OK);
    database = new DatabaseSync(file, { timeout: lockWaitMs });
    // A shared lock first would let two openers block each other. In exclusive mode the lock outlives the COMMIT.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    const version = checkedVersion(database, file);
    database.exec('COMMIT; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    migrate(database, file, version, migrations);
    return database;
  } catch (error) {
    database?.close();
    throw storeError(file, error);
  }
}

function createFile(file: string): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  try {
    // Never opens a file that exists: closing it again would drop the lock of a store open in this process.
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return;
    throw error;
  }
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

/** The schema version of a sound file of ours, 0 for an empty one, which is marked as ours. */
function checkedVersion(database: DatabaseSync, file: string): number {
  const id = pragma(database, 'application_id');
  const tables = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables'];
  if (id === 0 && tables === 0) {
    database.exec(`PRAGMA application_id = ${applicationId}`);
    return 0;
  }
  if (id !== applicationId) throw corruptStore(file, 'it is a database of another program');
  const verdict = pragma(database, 'quick_check(1)');
  if (verdict !== 'ok') throw corruptStore(file, String(verdict));
  return Number(pragma(database, 'user_version'));
}

function pragma(database: DatabaseSync, name: string): unknown {
  const row = database.prepare(`PRAGMA ${name}`).get();
  return row === undefined ? undefined : Object.values(row)[0];
}
