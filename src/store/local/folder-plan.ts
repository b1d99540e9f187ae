// From what the files of a watched folder declare and what belongs to them in the store: what to write. Pure.
// An object moved from one file to another changes its owner and nothing else; one that stands in two files
// belongs to the one that has it, else to the first by path.
import { type KubeObject, keyOf, keyString, type ObjectKey } from '../../api/object.ts';
import type { Diagnostic } from '../../platform/diagnostic.ts';
import { declaredTwice, type FileDeclaration } from './file-declaration.ts';
import type { FileOwnership } from './local-store.ts';
import { isNamespaceKey } from './namespaces.ts';

export interface FolderState {
  /** By path. */
  readonly declarations: ReadonlyMap<string, FileDeclaration>;
  /** Of all objects in the store that belong to any file. */
  readonly ownerships: readonly FileOwnership[];
  /** The object last applied, by keyString. */
  readonly applied: ReadonlyMap<string, KubeObject>;
  /** Whether this file is in the watched folder. */
  readonly isInside: (file: string) => boolean;
  /** Whether this file could not be read, so that all it has stays. */
  readonly isUnread: (file: string) => boolean;
}

/** To be done in this order. */
export interface FolderPlan {
  readonly release: readonly ObjectKey[];
  /** By file: what is new or different. */
  readonly apply: ReadonlyMap<string, readonly KubeObject[]>;
  readonly remove: readonly FileOwnership[];
  readonly diagnostics: readonly Diagnostic[];
}

export function planFolder(state: FolderState): FolderPlan {
  const { declarations, ownerships, applied, isInside } = state;
  const stored = new Map(ownerships.map((ownership) => [keyString(ownership.key), ownership.file]));
  const staying = ownerships.filter((ownership) => !isInside(ownership.file) || stays(ownership, state));
  const owners = new Map(staying.map(({ key, file }) => [keyString(key), file]));
  const apply = new Map<string, KubeObject[]>();
  const diagnostics: Diagnostic[] = [];

  for (const file of [...declarations.keys()].sort()) {
    const changed: KubeObject[] = [];
    for (const [id, object] of declarations.get(file)?.objects ?? []) {
      const owner = owners.get(id) ?? file;
      owners.set(id, owner);
      if (owner !== file) diagnostics.push(declaredTwice(keyOf(object), file, owner));
      else if (applied.get(id) !== object || stored.get(id) !== file) changed.push(object);
    }
    if (changed.length > 0) apply.set(file, changed);
  }

  const leaving = ownerships.filter((ownership) => isInside(ownership.file) && !stays(ownership, state));
  const { moved = [], gone = [] } = Object.groupBy(leaving, ({ key }) =>
    owners.has(keyString(key)) ? 'moved' : 'gone',
  );
  // A Namespace goes after what stands in it.
  const remove = gone.toSorted((a, b) => Number(isNamespaceKey(a.key)) - Number(isNamespaceKey(b.key)));
  return { release: moved.map(({ key }) => key), apply, remove, diagnostics };
}

function stays({ key, file }: FileOwnership, { declarations, isUnread }: FolderState): boolean {
  const declaration = declarations.get(file);
  if (declaration === undefined) return isUnread(file);
  return declaration.objects.has(keyString(key)) || declaration.keeps(key);
}
