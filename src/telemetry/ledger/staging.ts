// Memory that changes with a transaction: what a batch changes is seen by the work on that batch alone, and becomes
// what readers see when it is on the disk, all at once. Invariant: after `discard` everything is as it was before.

export interface StagedMap<K, V> {
  /** As the work at hand sees it, like `set`, `delete`, `size` and `entries`. */
  get(key: K): V | undefined;
  set(key: K, value: V): void;
  delete(key: K): void;
  readonly size: number;
  entries(): Iterable<readonly [K, V]>;
  /** As it was committed last; what readers see. */
  readonly committed: ReadonlyMap<K, V>;
}

export interface StagedValue<T> {
  get(): T;
  set(value: T): void;
  readonly committed: T;
}

export interface Staging {
  map<K, V>(committed: Map<K, V>): StagedMap<K, V>;
  value<T>(committed: T): StagedValue<T>;
  /** After COMMIT. */
  settle(): void;
  /** After ROLLBACK. */
  discard(): void;
}

interface Stage {
  settle(): void;
  discard(): void;
}

export function createStaging(): Staging {
  const stages: Stage[] = [];
  return {
    map(committed) {
      const [map, stage] = createStagedMap(committed);
      stages.push(stage);
      return map;
    },
    value(committed) {
      const [value, stage] = createStagedValue(committed);
      stages.push(stage);
      return value;
    },
    settle() {
      for (const stage of stages) stage.settle();
    },
    discard() {
      for (const stage of stages) stage.discard();
    },
  };
}

function createStagedMap<K, V>(committed: Map<K, V>): readonly [StagedMap<K, V>, Stage] {
  /** Undefined stands for what was taken away. */
  const staged = new Map<K, V | undefined>();
  let size = committed.size;

  function get(key: K): V | undefined {
    const value = staged.get(key);
    return value === undefined && !staged.has(key) ? committed.get(key) : value;
  }

  const map: StagedMap<K, V> = {
    committed,
    get,
    set(key, value) {
      if (get(key) === undefined) size += 1;
      staged.set(key, value);
    },
    delete(key) {
      if (get(key) === undefined) return;
      size -= 1;
      staged.set(key, undefined);
    },
    get size() {
      return size;
    },
    *entries() {
      for (const entry of committed) if (!staged.has(entry[0])) yield entry;
      for (const [key, value] of staged) if (value !== undefined) yield [key, value];
    },
  };
  const stage: Stage = {
    settle() {
      for (const [key, value] of staged) {
        if (value === undefined) committed.delete(key);
        else committed.set(key, value);
      }
      staged.clear();
    },
    discard() {
      staged.clear();
      size = committed.size;
    },
  };
  return [map, stage];
}

function createStagedValue<T>(first: T): readonly [StagedValue<T>, Stage] {
  let committed = first;
  let staged = first;
  const value: StagedValue<T> = {
    get: () => staged,
    set(next) {
      staged = next;
    },
    get committed() {
      return committed;
    },
  };
  const stage: Stage = {
    settle() {
      committed = staged;
    },
    discard() {
      staged = committed;
    },
  };
  return [value, stage];
}
