// The resources of one view, kept by the unit that they were built for: a host, a port, the whole. A unit that is built
// again replaces exactly what it had, and only what came out different is told.
// Invariant: a resource belongs to one unit; what is referred to by SDS is known at any time.
import { type Resource, type TypeDelta, type TypeUrl, typeUrls } from '../discovery/view.ts';
import type { TypedResource } from './resource.ts';

export interface ResourceBook {
  resources(type: TypeUrl): ReadonlyMap<string, Resource>;
  /** What the unit consists of from now on; nothing: the unit is gone. */
  replace(unit: string, next: readonly TypedResource[]): void;
  /** Names of the secrets that its resources refer to. */
  secrets(): IteratorObject<string>;
  /** Whether some of its resources have mirrors. */
  hasMirrors(): boolean;
  /** What differs since it was last asked. */
  takeChanges(): ReadonlyMap<TypeUrl, TypeDelta>;
}

export function createResourceBook(): ResourceBook {
  const types = new Map<TypeUrl, Map<string, Resource>>(Object.values(typeUrls).map((type) => [type, new Map()]));
  const units = new Map<string, readonly TypedResource[]>();
  const secretUses = new Map<string, number>();
  let mirroring = 0;
  let changed = new Map<TypeUrl, { updated: Map<string, Resource>; removed: Set<string> }>();

  function changeOf(type: TypeUrl) {
    const change = changed.get(type) ?? { updated: new Map<string, Resource>(), removed: new Set<string>() };
    changed.set(type, change);
    return change;
  }

  function countUses(resources: readonly TypedResource[], step: 1 | -1): void {
    mirroring += step * resources.filter(({ mirrors }) => mirrors === true).length;
    for (const name of resources.flatMap(({ secrets = [] }) => secrets)) {
      const uses = (secretUses.get(name) ?? 0) + step;
      if (uses === 0) secretUses.delete(name);
      else secretUses.set(name, uses);
    }
  }

  return {
    resources: (type) => types.get(type) ?? new Map(),
    replace(unit, next) {
      const before = units.get(unit) ?? [];
      const kept = new Set(next.map(({ type, resource }) => `${type} ${resource.name}`));
      for (const { type, resource } of before) {
        if (kept.has(`${type} ${resource.name}`)) continue;
        types.get(type)?.delete(resource.name);
        const change = changeOf(type);
        change.updated.delete(resource.name);
        change.removed.add(resource.name);
      }
      for (const { type, resource } of next) {
        const held = types.get(type);
        const same = held?.get(resource.name)?.version === resource.version;
        // Even where nothing is to be sent: it may come from other objects now.
        held?.set(resource.name, resource);
        if (same) continue;
        const change = changeOf(type);
        change.removed.delete(resource.name);
        change.updated.set(resource.name, resource);
      }
      countUses(next, 1);
      countUses(before, -1);
      if (next.length === 0) units.delete(unit);
      else units.set(unit, next);
    },
    secrets: () => secretUses.keys(),
    hasMirrors: () => mirroring > 0,
    takeChanges() {
      const delta = new Map<TypeUrl, TypeDelta>();
      for (const [type, { updated, removed }] of changed) {
        if (updated.size === 0 && removed.size === 0) continue;
        delta.set(type, { updated: [...updated.values()], removed: [...removed] });
      }
      changed = new Map();
      return delta;
    },
  };
}
