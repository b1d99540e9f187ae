// What goes with a deleted object, in the same transaction: its dependents by ownerReferences, and with a Namespace
// all that stands in it. As in Kubernetes a dependent stays while another of its owners exists; here it goes at
// once and not some time later.
import type { ObjectKey } from '../../api/object.ts';
import { ConflictError, NotFoundError, OwnedByFileError } from '../errors.ts';
import type { DeleteOptions } from '../store.ts';
import type { Draft } from './draft.ts';
import { isNamespaceKey } from './namespaces.ts';
import type { ObjectIndex } from './object-index.ts';
import type { StoredObject } from './stored-object.ts';

/**
 * Deletes the object and what goes with it in the draft. Throws NotFoundError, ConflictError, and OwnedByFileError if it, or an
 * object in the Namespace that it is, belongs to a file other than `ownerFile`.
 */
export function deleteInDraft(
  draft: Draft,
  index: ObjectIndex,
  key: ObjectKey,
  { ownerFile, resourceVersion }: DeleteOptions,
): void {
  const target = draft.get(key);
  if (target === undefined) throw new NotFoundError(key);
  if ((resourceVersion ?? target.object.metadata.resourceVersion) !== target.object.metadata.resourceVersion) {
    throw new ConflictError(key);
  }
  const inNamespace = isNamespaceKey(key) ? [...index.all()].filter((stored) => stored.key.namespace === key.name) : [];
  const doomed = [target, ...inNamespace];
  for (const stored of doomed) assertWritable(stored, ownerFile);
  const uids = new Set<string>();
  for (const { key: doomedKey, object } of doomed) {
    draft.delete(doomedKey);
    const { uid } = object.metadata;
    if (uid === undefined || uids.has(uid)) continue;
    uids.add(uid);
    // Appending while iterating walks the whole tree of dependents.
    for (const dependent of index.dependents(uid)) if (isOrphan(dependent, uids, index)) doomed.push(dependent);
  }
}

/** Throws OwnedByFileError if the object belongs to another file. */
export function assertWritable(stored: StoredObject | undefined, ownerFile: string | undefined): void {
  if (stored?.ownerFile !== undefined && stored.ownerFile !== ownerFile) {
    throw new OwnedByFileError(stored.key, stored.ownerFile);
  }
}

function isOrphan({ object }: StoredObject, deleted: ReadonlySet<string>, index: ObjectIndex): boolean {
  const owners = object.metadata.ownerReferences ?? [];
  return owners.every(({ uid }) => deleted.has(uid) || !index.hasUid(uid));
}
