// Brings the objects that belong to another in step with it, in one transaction: makes them, sets them back when somebody
// changed them, removes what is no longer wanted. Invariant: an object of somebody else is never touched, and no child
// outlives its owner.
import { groupOf, type KubeObject, keyOf, type ObjectKey, resourceName } from '../../api/object.ts';
import { NotFoundError, OwnedByFileError } from '../../store/errors.ts';
import type { ObjectStore } from '../../store/store.ts';
import { withAssigned } from './assigned-fields.ts';

export interface OwnedChild {
  /** As it is to be. */
  readonly object: KubeObject;
  /** False: it is not to be there. */
  readonly wanted: boolean;
}

/**
 * Returns what is in the way, where somebody else has an object of a child's name; nothing is written then, nor where
 * nothing differs.
 */
export async function applyChildren(
  store: ObjectStore,
  owner: KubeObject,
  children: readonly OwnedChild[],
): Promise<string | undefined> {
  const wanted: KubeObject[] = [];
  const unwanted: ObjectKey[] = [];
  for (const child of children) {
    const key = keyOf(child.object);
    const current = await store.get(key);
    const isOurs = current !== undefined && isOwned(current, owner);
    if (child.wanted && current !== undefined && !isOurs) return foreign(key);
    if (child.wanted) wanted.push(withAssigned(child.object, current));
    else if (isOurs) unwanted.push(key);
  }
  try {
    await store.apply(wanted);
    await remove(store, unwanted);
  } catch (error) {
    // A watched file has taken the child over.
    if (error instanceof OwnedByFileError) return error.message;
    throw error;
  }
  // It may have gone while its children were made; from here on the store takes them with it.
  const { uid } = owner.metadata;
  if ((await store.get(keyOf(owner)))?.metadata.uid !== uid) {
    const orphans = wanted.filter(({ metadata }) => metadata.ownerReferences?.every((other) => other.uid === uid));
    await remove(store, orphans.map(keyOf));
  }
  return undefined;
}

/** By name: what an owner of the same name left behind in an earlier life is this one's now. */
function isOwned({ metadata }: KubeObject, owner: KubeObject): boolean {
  const { apiVersion, kind } = owner;
  return (metadata.ownerReferences ?? []).some(
    (other) =>
      groupOf(other.apiVersion) === groupOf(apiVersion) && other.kind === kind && other.name === owner.metadata.name,
  );
}

async function remove(store: ObjectStore, keys: readonly ObjectKey[]): Promise<void> {
  for (const key of keys) await store.delete(key).catch(ignoreAbsent);
}

function foreign(key: ObjectKey): string {
  return `${resourceName(key)} is there already and is somebody else's; delete it, or choose another name`;
}

export function ignoreAbsent(error: unknown): void {
  if (!(error instanceof NotFoundError)) throw error;
}
