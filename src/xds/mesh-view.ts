// A view that follows the mesh: what its resources are is decided by whoever builds them; here is what all such views have
// in common. Generations grow with each change, secrets follow what refers to them, and listeners hear of it once.
import type { View, ViewDelta } from '../discovery/view.ts';
import type { Mesh, MeshDelta } from '../mesh/mesh.ts';
import type { MirrorUnit } from './mirror-unit.ts';
import type { ResourceBook } from './resource-book.ts';
import type { SecretUnits } from './secret-units.ts';

export interface MeshView extends View {
  /** Takes over the next snapshot; listeners are called once, and only if something differs. */
  update(mesh: Mesh, delta: MeshDelta): void;
  /** No stream follows it. */
  isIdle(): boolean;
}

export interface MeshViewOptions {
  readonly key: string;
  /** Holds what was built from `first` already. */
  readonly book: ResourceBook;
  readonly secrets: SecretUnits;
  readonly mirrors: MirrorUnit;
  readonly first: Mesh;
  /** Builds again what the change touches. */
  readonly build: (mesh: Mesh, delta: MeshDelta) => void;
}

export function createMeshView({ key, book, secrets, mirrors, first, build }: MeshViewOptions): MeshView {
  const listeners = new Set<(delta: ViewDelta) => void>();
  let generation = 1;
  mirrors.update(first);
  secrets.update(first, new Set());
  book.takeChanges();
  return {
    key,
    get generation() {
      return generation;
    },
    resources: book.resources,
    isIdle: () => listeners.size === 0,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    update(mesh, delta) {
      build(mesh, delta);
      mirrors.update(mesh);
      secrets.update(mesh, delta.secrets);
      const types = book.takeChanges();
      if (types.size === 0) return;
      generation += 1;
      for (const listener of listeners) listener({ generation, types });
    },
  };
}
