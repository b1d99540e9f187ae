// All objects of the local store in memory, where every read is served from: by collection and key, by uid and by
// owner. Changed only by committed transactions.
import { keyString, type ObjectKey } from '../../api/object.ts';
import type { Collection } from '../store.ts';
import type { StoredChange, StoredObject } from './stored-object.ts';

export interface ObjectIndex {
  get(key: ObjectKey): StoredObject | undefined;
  /** Sorted by namespace, then name. */
  list(collection: Collection): readonly StoredObject[];
  all(): Iterable<StoredObject>;
  hasUid(uid: string): boolean;
  /** Objects with an ownerReference to this uid. */
  dependents(uid: string): Iterable<StoredObject>;
  commit(changes: Iterable<StoredChange>): void;
}

export function createObjectIndex(objects: Iterable<StoredObject>): ObjectIndex {
  const collections = new Map<string, Map<string, StoredObject>>();
  const uids = new Set<string>();
  const byOwner = new Map<string, Map<string, StoredObject>>();

  function add(stored: StoredObject): void {
    const { uid, ownerReferences = [] } = stored.object.metadata;
    if (uid !== undefined) uids.add(uid);
    put(collections, collectionName(stored.key), stored);
    for (const owner of ownerReferences) put(byOwner, owner.uid, stored);
  }

  function remove({ key, object }: StoredObject): void {
    const { uid, ownerReferences = [] } = object.metadata;
    if (uid !== undefined) uids.delete(uid);
    take(collections, collectionName(key), key);
    for (const owner of ownerReferences) take(byOwner, owner.uid, key);
  }

  for (const stored of objects) add(stored);
  return {
    get: (key) => collections.get(collectionName(key))?.get(keyString(key)),
    list(collection) {
      const { namespace } = collection;
      const found = [...(collections.get(collectionName(collection))?.values() ?? [])];
      const selected = namespace === undefined ? found : found.filter(({ key }) => key.namespace === namespace);
      return selected.sort((a, b) => order(a.key.namespace, b.key.namespace) || order(a.key.name, b.key.name));
    },
    *all() {
      for (const collection of collections.values()) yield* collection.values();
    },
    hasUid: (uid) => uids.has(uid),
    dependents: (uid) => byOwner.get(uid)?.values() ?? [],
    commit(changes) {
      for (const { before, after } of changes) {
        if (before !== undefined) remove(before);
        if (after !== undefined) add(after);
      }
    },
  };
}

function collectionName({ group, kind }: Collection): string {
  return `${group}/${kind}`;
}

function put(groups: Map<string, Map<string, StoredObject>>, group: string, stored: StoredObject): void {
  const members = groups.get(group) ?? new Map<string, StoredObject>();
  groups.set(group, members.set(keyString(stored.key), stored));
}

function take(groups: Map<string, Map<string, StoredObject>>, group: string, key: ObjectKey): void {
  const members = groups.get(group);
  members?.delete(keyString(key));
  if (members?.size === 0) groups.delete(group);
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
