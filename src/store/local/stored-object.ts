// One object as the local store keeps it, in memory and as a row: the frozen object and, beside it, its owner.
import type { KubeObject, ObjectKey } from '../../api/object.ts';

export interface StoredObject {
  readonly key: ObjectKey;
  /** Frozen, however deep. */
  readonly object: KubeObject;
  /** The file of a watched folder that alone may change it. */
  readonly ownerFile?: string;
}

/** What a transaction does to one key; without `after` it is deleted. */
export interface StoredChange {
  readonly key: ObjectKey;
  readonly before: StoredObject | undefined;
  readonly after: StoredObject | undefined;
}

/** Exactly what JSON keeps of a value, frozen however deep. Members named `__proto__` stay members. */
export function frozenJson<T>(value: T): T {
  return value === undefined ? value : freeze(JSON.parse(JSON.stringify(value)));
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}
