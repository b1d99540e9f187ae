// Which names of one type changed since a generation: what a view remembers so that its streams need not. Each name
// counts with its last change only, so the log is bounded by the names that changed since the slowest stream.
// Invariant: `between(from, to)` is complete for every `from` that is not below `floor`.

export interface ChangeLog {
  /** Changes after this generation are all known. */
  readonly floor: number;
  /** Entries kept. */
  readonly size: number;
  /** Generations must not decrease from call to call. */
  append(generation: number, names: Iterable<string>): void;
  /** Names whose last change is after `from` and not after `to`. */
  between(from: number, to: number): readonly string[];
  /** The generation of the name's last change, if it is remembered. */
  changedAt(name: string): number | undefined;
  /** Nobody asks for changes up to `generation` any more. */
  forget(generation: number): void;
}

interface Entry {
  readonly generation: number;
  readonly name: string;
}

/** Beyond this many names the older half is dropped; a stream that slow has to start anew. */
const defaultLimit = 65_536;

export function createChangeLog(start: number, limit = defaultLimit): ChangeLog {
  let floor = start;
  let entries: Entry[] = [];
  const last = new Map<string, number>();

  function drop(upTo: number): void {
    floor = Math.max(floor, upTo);
    entries = entries.filter(({ generation, name }) => {
      const current = last.get(name) === generation;
      if (generation > floor) return current;
      if (current) last.delete(name);
      return false;
    });
  }

  return {
    get floor() {
      return floor;
    },
    get size() {
      return entries.length;
    },
    append(generation, names) {
      for (const name of names) {
        if (last.get(name) === generation) continue;
        last.set(name, generation);
        entries.push({ generation, name });
      }
      // Half of the entries are superseded: dropping them costs no more than adding them did.
      if (entries.length > 2 * last.size + 64) drop(floor);
      if (last.size > limit) drop(entries[entries.length >> 1]?.generation ?? generation);
    },
    between(from, to) {
      const names: string[] = [];
      for (let index = firstAfter(entries, from); index < entries.length; index++) {
        const entry = entries[index];
        if (entry === undefined || entry.generation > to) break;
        if (last.get(entry.name) === entry.generation) names.push(entry.name);
      }
      return names;
    },
    changedAt: (name) => last.get(name),
    forget(generation) {
      if (generation > floor) drop(generation);
    },
  };
}

/** Index of the first entry after the generation, by halving. */
function firstAfter(entries: readonly Entry[], generation: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle]?.generation ?? 0) <= generation) low = middle + 1;
    else high = middle;
  }
  return low;
}
