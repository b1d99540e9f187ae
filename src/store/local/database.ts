// Opens a SQLite file of ours for its single writer. Invariants: the exclusive lock is taken before anything is
// read and held until the file is closed; a file that is not ours, or too new, is left as it is; a commit has
// reached the disk when it returns (WAL with synchronous=FULL).
// Other threads can read a file that is opened for readers beside the writer. Then the lock is on a file of its own, and
// the log's index is shared memory, a file as well: where there is no room for it the writer goes on without readers.
import { accessSync, closeSync, constants, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemCode } from '../../platform/errors.ts';
import { migrate, storeMigrations } from './migrations.ts';
import { corruptStore, isSharedMemoryError, storeError } from './sqlite-error.ts';

/** Marks a SQLite file as a store of ours: `Sply`. */
const applicationId = 0x53706c79;
/** How long to wait for another process that is just letting go of the file. */
const lockWaitMs = 1000;

// A shared lock first would let two openers block each other. In exclusive mode the lock outlives the COMMIT.
const lockFile = 'PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE';
const lockBeside = 'PRAGMA guard.locking_mode = EXCLUSIVE; PRAGMA guard.journal_mode = MEMORY; BEGIN EXCLUSIVE';

/**
 * Creates the file (mode 0600) and its folder (0700) if missing, locks it and brings it to the newest schema.
 * `readers`: openForReading may open it too. Throws SallyportError: see storeError and migrate.
 */
export function openDatabase(
  file: string,
  migrations: readonly string[] = storeMigrations,
  { readers = false } = {},
): DatabaseSync {
  try {
    createFile(file);
    // SQLite would open them for reading only, and then fail at the lock with a word about I/O.
    accessSync(file, constants.W_OK);
    accessSync(dirname(file), constants.W_OK);
    if (!readers) return openLocked(file, migrations, false);
    try {
      return openLocked(file, migrations, true);
    } catch (error) {
      if (!isSharedMemoryError(error)) throw error;
      return openLocked(file, migrations, false);
    }
  } catch (error) {
    throw storeError(file, error);
  }
}

function openLocked(file: string, migrations: readonly string[], readers: boolean): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: lockWaitMs });
  try {
    if (readers) database.prepare('ATTACH ? AS guard').run(`${file}-lock`);
    database.exec(readers ? lockBeside : lockFile);
    const version = checkedVersion(database, file);
    database.exec('COMMIT; PRAGMA main.journal_mode = WAL; PRAGMA synchronous = FULL');
    migrate(database, file, version, migrations);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Sees what the writer, a thread of this process, has committed, and never holds it up. Throws SallyportError: see
 * storeError; `SP_STORE_IN_USE` where the writer has the file to itself.
 */
export function openForReading(file: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: lockWaitMs });
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
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
