// Things that are told in many rows, by number: each has a row of its own with its text, found in memory. Invariants: a
// text has one number as long as anything tells of it; a number is not given to another text while this process lives.
import type { LedgerContext } from './context.ts';
import { numberIn, textIn } from './row.ts';

export interface Dictionary<T> {
  /** The number of a text, which is meant in the hour that begins then; undefined if it has none. */
  find(text: string, hour: number): number | undefined;
  /** Gives it a number. Throws if it is none of this dictionary's texts. */
  add(text: string, hour: number): number;
  readonly size: number;
  /** What a text says, as the work at hand sees it. */
  value(id: number): T | undefined;
  /** What the committed texts say, by number. */
  readonly values: ReadonlyMap<number, T>;
  /** Takes away at most `limit` texts that were last meant before this hour and are not held; tells which. */
  expire(before: number, limit: number, isHeld?: (id: number) => boolean): ReadonlyMap<number, T>;
}

type DictionaryTable = 'flows' | 'outcomes' | 'hosts' | 'series_hosts' | 'series';

interface Entry {
  readonly id: number;
  readonly lastHour: number;
}

/** `read` tells what a text says, or throws. */
export function createDictionary<T>(
  { database, staging }: LedgerContext,
  table: DictionaryTable,
  read: (text: string) => T,
): Dictionary<T> {
  const insert = database.prepare(`INSERT INTO ${table} VALUES (?, ?, ?)`);
  const update = database.prepare(`UPDATE ${table} SET last_hour = ? WHERE id = ?`);
  const remove = database.prepare(`DELETE FROM ${table} WHERE id = ?`);

  const rows = database.prepare(`SELECT id, key, last_hour FROM ${table}`).all();
  const entries = staging.map(new Map<string, Entry>());
  const values = staging.map(new Map<number, T>());
  let lastId = 0;
  for (const row of rows) {
    const [id, text] = [numberIn(row, 'id'), textIn(row, 'key')];
    entries.set(text, { id, lastHour: numberIn(row, 'last_hour') });
    values.set(id, read(text));
    lastId = Math.max(lastId, id);
  }
  staging.settle();

  return {
    find(text, hour) {
      const entry = entries.get(text);
      if (entry === undefined) return undefined;
      if (hour > entry.lastHour) {
        update.run(hour, entry.id);
        entries.set(text, { id: entry.id, lastHour: hour });
      }
      return entry.id;
    },
    add(text, hour) {
      const value = read(text);
      lastId += 1;
      insert.run(lastId, text, hour);
      entries.set(text, { id: lastId, lastHour: hour });
      values.set(lastId, value);
      return lastId;
    },
    get size() {
      return entries.size;
    },
    value: values.get,
    values: values.committed,
    expire(before, limit, isHeld = () => false) {
      const expired = new Map<number, T>();
      for (const [text, { id, lastHour }] of entries.committed) {
        if (lastHour >= before || isHeld(id)) continue;
        if (expired.size === limit) break;
        const value = values.get(id);
        remove.run(id);
        entries.delete(text);
        values.delete(id);
        if (value !== undefined) expired.set(id, value);
      }
      return expired;
    },
  };
}
