// VirtualServices as the mesh is to know them: roots with the rules of those that they hand on to, which have no hosts and
// are not known by themselves. A delegate that changes changes the roots that name it, and nothing else.

import { resolveDelegates } from './merge-delegate.ts';
import type { Change } from './mesh.ts';
import type { VirtualService } from './virtual-service.ts';

export interface Delegations {
  /** From what the objects of one transaction stand for to what the mesh is to take. */
  resolve(changes: readonly Change<VirtualService>[]): readonly Change<VirtualService>[];
}

export function createDelegations(): Delegations {
  const objects = new Map<string, VirtualService>();
  const resolved = new Map<string, VirtualService>();
  /** Keys of roots, by the key of each that they hand on to. */
  const roots = new Map<string, Set<string>>();

  function note(object: VirtualService, step: 'add' | 'delete'): void {
    for (const { action } of object.http) {
      if (action.kind !== 'delegate') continue;
      const naming = roots.get(action.to) ?? new Set<string>();
      roots.set(action.to, naming);
      naming[step](keyOf(object));
      if (naming.size === 0) roots.delete(action.to);
    }
  }

  function resolveAgain(key: string): Change<VirtualService> {
    const before = resolved.get(key);
    const object = objects.get(key);
    const isRoot = object !== undefined && object.hosts.length > 0;
    const after = isRoot ? resolveDelegates(object, (name) => objects.get(name)) : undefined;
    if (after === undefined) resolved.delete(key);
    else resolved.set(key, after);
    return { before: before === undefined ? [] : [before], after: after === undefined ? [] : [after] };
  }

  return {
    resolve(changes) {
      const dirty = new Set<string>();
      for (const { before, after } of changes) {
        for (const object of before) {
          note(object, 'delete');
          objects.delete(keyOf(object));
        }
        for (const object of after) {
          note(object, 'add');
          objects.set(keyOf(object), object);
        }
        for (const object of [...before, ...after]) dirty.add(keyOf(object));
      }
      for (const key of [...dirty]) for (const root of roots.get(key) ?? []) dirty.add(root);
      return [...dirty].map(resolveAgain).filter(({ before, after }) => before.length + after.length > 0);
    },
  };
}

function keyOf({ namespace, name }: VirtualService): string {
  return `${namespace}/${name}`;
}
