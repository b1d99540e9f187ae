// The rows of the store's database: read once when it opens, then only written. Invariant: one write is one
// transaction, and when it throws nothing of it is stored.
import type { DatabaseSync } from 'node:sqlite';
import { type KubeObject, keyOf } from '../../api/object.ts';
import { corruptStore, storeError } from './sqlite-error.ts';
import { frozenJson, type StoredChange, type StoredObject } from './stored-object.ts';

export interface ObjectTable {
  readonly objects: readonly StoredObject[];
  /** That of the last committed transaction; 0 before the first. */
  readonly resourceVersion: number;
  /** Returns once it is on the disk. Throws SallyportError (see storeError). */
  write(changes: Iterable<StoredChange>, resourceVersion: number): void;
  close(): void;
}

/** Throws `SP_STORE_CORRUPT` if a row is not an object. */
export function createObjectTable(database: DatabaseSync, file: string): ObjectTable {
  const upsert = database.prepare('REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM objects WHERE api_group=? AND kind=? AND namespace=? AND name=?');
  const setVersion = database.prepare('UPDATE revision SET resource_version = ?');

  function writeRow({ key, after }: StoredChange): void {
    const columns = [key.group, key.kind, key.namespace, key.name] as const;
    if (after === undefined) remove.run(...columns);
    else upsert.run(...columns, after.ownerFile ?? null, JSON.stringify(after.object));
  }

  return {
    objects: [...readObjects(database, file)],
    resourceVersion: readVersion(database, file),
    write(changes, resourceVersion) {
      try {
        database.exec('BEGIN IMMEDIATE');
        for (const change of changes) writeRow(change);
        setVersion.run(resourceVersion);
        database.exec('COMMIT');
      } catch (error) {
        // On a full disk SQLite has rolled back already.
        if (database.isTransaction) database.exec('ROLLBACK');
        throw storeError(file, error);
      }
    },
    close: () => database.close(),
  };
}

function* readObjects(database: DatabaseSync, file: string): Iterable<StoredObject> {
  for (const row of database.prepare('SELECT json, owner_file FROM objects').iterate()) {
    const object = readObject(row['json']);
    if (object === undefined) throw corruptStore(file, 'a row is not an object');
    const ownerFile = row['owner_file'];
    yield { key: keyOf(object), object, ...(typeof ownerFile === 'string' ? { ownerFile } : {}) };
  }
}

function readVersion(database: DatabaseSync, file: string): number {
  const version = database.prepare('SELECT resource_version FROM revision').get()?.['resource_version'];
  if (typeof version !== 'number') throw corruptStore(file, 'it has lost its resourceVersion');
  return version;
}

function readObject(json: unknown): KubeObject | undefined {
  try {
    const value: unknown = typeof json === 'string' ? frozenJson(JSON.parse(json)) : undefined;
    return isKubeObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isKubeObject(value: unknown): value is KubeObject {
  if (typeof value !== 'object' || value === null) return false;
  if (!('apiVersion' in value && 'kind' in value && 'metadata' in value)) return false;
  const { apiVersion, kind, metadata } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return false;
  return typeof metadata === 'object' && metadata !== null && 'name' in metadata && typeof metadata.name === 'string';
}
