// A transaction in the making: what it will do to each key, seen over what is committed. Nothing of it is visible
// before the local store has written it. Several writes to one key become one change, and so one event.
import { keyString, type ObjectKey } from '../../api/object.ts';
import type { WatchEvent } from '../store.ts';
import type { ObjectIndex } from './object-index.ts';
import { type Stamp, withVersion } from './revision.ts';
import type { StoredChange, StoredObject } from './stored-object.ts';

export interface Draft {
  readonly stamp: Stamp;
  get(key: ObjectKey): StoredObject | undefined;
  put(stored: StoredObject): void;
  delete(key: ObjectKey): void;
  changes(): readonly StoredChange[];
}

export function createDraft(index: ObjectIndex, stamp: Stamp): Draft {
  const changed = new Map<string, StoredChange>();

  function change(key: ObjectKey, after: StoredObject | undefined): void {
    changed.set(keyString(key), { key, before: index.get(key), after });
  }

  return {
    stamp,
    get(key) {
      const change = changed.get(keyString(key));
      return change === undefined ? index.get(key) : change.after;
    },
    put: (stored) => change(stored.key, stored),
    delete: (key) => change(key, undefined),
    changes: () => [...changed.values()],
  };
}

/** The events of a transaction's changes; a change of owner alone is none. */
export function* eventsOf(changes: Iterable<StoredChange>, stamp: Stamp): Iterable<WatchEvent> {
  for (const { before, after } of changes) {
    if (before?.object === after?.object) continue;
    if (after === undefined) {
      if (before !== undefined) yield Object.freeze({ type: 'DELETED', object: withVersion(before.object, stamp) });
    } else if (before === undefined) yield Object.freeze({ type: 'ADDED', object: after.object });
    else yield Object.freeze({ type: 'MODIFIED', object: after.object, previous: before.object });
  }
}
