// The object store of a local mesh. Reads come from memory; a write is one SQLite transaction, on the disk before
// it is visible and before it is acknowledged. A write that the disk refuses changes nothing, and reading goes on.
// Every write runs from start to end without waiting, so writes never overlap.
import type { DatabaseSync } from 'node:sqlite';
import { type KubeObject, keyOf, keyString, type ObjectKey, resourceName } from '../../api/object.ts';
import { SallyportError } from '../../platform/errors.ts';
import { NotFoundError } from '../errors.ts';
import { mergePatch } from '../merge-patch.ts';
import type { ApplyResult, ObjectStore } from '../store.ts';
import { openDatabase } from './database.ts';
import { assertWritable, deleteInDraft } from './deletion.ts';
import { createDraft, type Draft, eventsOf } from './draft.ts';
import { createHistory } from './history.ts';
import { isNamespaceKey, namespaceObject, namespacesOf } from './namespaces.ts';
import { createObjectIndex } from './object-index.ts';
import { createObjectTable } from './object-table.ts';
import { revised, withStatus } from './revision.ts';
import type { StoredObject } from './stored-object.ts';

export interface LocalStoreOptions {
  /** The SQLite file; it and its folder are created if missing. */
  readonly file: string;
  /** For creationTimestamp; the system's time if absent. */
  readonly clock?: () => Date;
  /** How many events a watch can start behind; 10 000 if absent. */
  readonly keptEvents?: number;
}

/** An object that belongs to a file of a watched folder. */
export interface FileOwnership {
  readonly key: ObjectKey;
  readonly file: string;
}

export interface LocalStore extends ObjectStore {
  /** Every object that belongs to a file, from this run or an earlier one. */
  ownerships(): readonly FileOwnership[];
  /** Keeps the objects but takes them from their files, so that another file or anybody may change them. */
  release(keys: readonly ObjectKey[]): Promise<void>;
}

/**
 * Opens the store, creating or migrating its file. One process at a time has it. An object applied with
 * `ownerFile` that belongs to nobody is taken over by that file.
 * Throws SallyportError: `SP_STORE_IN_USE`, `SP_STORE_NEWER`, `SP_STORE_CORRUPT`, `SP_STORE_UNREADABLE`,
 * `SP_STORE_READ_ONLY`, `SP_DISK_FULL`; every write may throw the last two and `SP_STORE_IO`.
 */
export async function openLocalStore(options: LocalStoreOptions): Promise<LocalStore> {
  const database = openDatabase(options.file);
  try {
    return createLocalStore(database, options);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The store on an open database, which it closes. */
export function createLocalStore(database: DatabaseSync, options: LocalStoreOptions): LocalStore {
  const { file, clock = () => new Date(), keptEvents = 10_000 } = options;
  const table = createObjectTable(database, file);
  const index = createObjectIndex(table.objects);
  let version = table.resourceVersion;
  const history = createHistory(version, keptEvents);
  let closed = false;

  function transact<T>(work: (draft: Draft) => T): T {
    if (closed) throw new SallyportError('SP_STORE_CLOSED', `the store ${file} is closed`);
    const draft = createDraft(index, { resourceVersion: String(version + 1), now: clock() });
    const result = work(draft);
    const changes = draft.changes();
    if (changes.length === 0) return result;
    table.write(changes, version + 1);
    version += 1;
    index.commit(changes);
    const { resourceVersion } = draft.stamp;
    history.append({ events: [...eventsOf(changes, draft.stamp)], resourceVersion });
    return result;
  }

  return {
    get: async (key) => index.get(key)?.object,
    list: async (collection) => ({
      items: index.list(collection).map(({ object }) => object),
      resourceVersion: String(version),
    }),
    watch: history.watch,
    apply: async (objects, { ownerFile } = {}) => transact((draft) => applyAll(draft, objects, ownerFile)),
    patch: async (key, patch, validate) =>
      transact((draft) => {
        const current = existing(draft, key);
        assertWritable(current, undefined);
        const patched = validate(mergePatch(current.object, patch));
        assertSameKey(key, keyOf(patched));
        return write(draft, patched, undefined);
      }),
    delete: async (key, options = {}) => transact((draft) => deleteInDraft(draft, index, key, options)),
    updateStatus: async (key, status) =>
      transact((draft) => {
        const current = existing(draft, key);
        const object = withStatus(current.object, status, draft.stamp);
        if (object !== current.object) draft.put({ ...current, object });
      }),
    patchStatus: async (patches) =>
      transact((draft) => {
        for (const { key, patch } of patches) {
          const current = draft.get(key);
          if (current === undefined) continue;
          const status = mergePatch(current.object.status, patch);
          const object = withStatus(current.object, isEmptyObject(status) ? undefined : status, draft.stamp);
          if (object !== current.object) draft.put({ ...current, object });
        }
      }),
    ownerships: () =>
      [...index.all()].flatMap(({ key, ownerFile }) => (ownerFile === undefined ? [] : [{ key, file: ownerFile }])),
    release: async (keys) =>
      transact((draft) => {
        for (const key of keys) {
          const { object } = existing(draft, key);
          draft.put({ key, object });
        }
      }),
    async close() {
      if (closed) return;
      closed = true;
      history.close();
      table.close();
    },
  };
}

function applyAll(draft: Draft, objects: readonly KubeObject[], ownerFile: string | undefined): readonly ApplyResult[] {
  const keys = objects.map(keyOf);
  const given = new Set(keys.filter(isNamespaceKey).map(({ name }) => name));
  for (const name of namespacesOf(keys)) {
    const namespace = namespaceObject(name);
    if (!given.has(name) && draft.get(keyOf(namespace)) === undefined) write(draft, namespace, undefined);
  }
  return objects.map((object) => {
    const current = draft.get(keyOf(object));
    assertWritable(current, ownerFile);
    const { ownerReferences = current?.object.metadata.ownerReferences } = object.metadata;
    const metadata = ownerReferences === undefined ? object.metadata : { ...object.metadata, ownerReferences };
    return write(draft, { ...object, metadata }, ownerFile);
  });
}

function write(draft: Draft, desired: KubeObject, ownerFile: string | undefined): ApplyResult {
  const key = keyOf(desired);
  const current = draft.get(key);
  const object = revised(desired, current?.object, draft.stamp);
  if (object !== current?.object || ownerFile !== current.ownerFile) {
    draft.put({ key, object, ...(ownerFile === undefined ? {} : { ownerFile }) });
  }
  if (current === undefined) return { key, outcome: 'created', object };
  return { key, outcome: object === current.object ? 'unchanged' : 'configured', object };
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function existing(draft: Draft, key: ObjectKey): StoredObject {
  const stored = draft.get(key);
  if (stored === undefined) throw new NotFoundError(key);
  return stored;
}

function assertSameKey(key: ObjectKey, patched: ObjectKey): void {
  if (keyString(key) === keyString(patched)) return;
  const message = `a patch cannot make ${resourceName(key)} into ${resourceName(patched)}`;
  throw new SallyportError('SP_INVALID_PATCH', message, { hint: 'apply the other object and delete this one' });
}
