// Which hosts the units of a view lead to, counted, so that clusters come with the first use and go with the last.

export interface UseBook {
  /** What the unit uses from now on. */
  set(unit: string, hosts: ReadonlySet<string>): void;
  /** The unit is no more. */
  drop(unit: string): void;
  units(): readonly string[];
  hosts(): Iterable<string>;
  has(host: string): boolean;
  /** Since it was last asked. */
  takeChanges(): { readonly added: ReadonlySet<string>; readonly removed: ReadonlySet<string> };
}

export function createUseBook(): UseBook {
  const units = new Map<string, ReadonlySet<string>>();
  const counts = new Map<string, number>();
  let added = new Set<string>();
  let removed = new Set<string>();

  function count(host: string, step: 1 | -1): void {
    const before = counts.get(host) ?? 0;
    const after = before + step;
    if (after === 0) counts.delete(host);
    else counts.set(host, after);
    if (before === 0 && !removed.delete(host)) added.add(host);
    if (after === 0 && !added.delete(host)) removed.add(host);
  }

  function set(unit: string, hosts: ReadonlySet<string>): void {
    const before = units.get(unit) ?? new Set();
    for (const host of hosts) if (!before.has(host)) count(host, 1);
    for (const host of before) if (!hosts.has(host)) count(host, -1);
    units.set(unit, hosts);
  }

  return {
    set,
    drop(unit) {
      set(unit, new Set());
      units.delete(unit);
    },
    units: () => [...units.keys()],
    hosts: () => counts.keys(),
    has: (host) => counts.has(host),
    takeChanges() {
      const changes = { added, removed };
      added = new Set();
      removed = new Set();
      return changes;
    },
  };
}
