// The tree of a document, kept to find places in it later: what objects say of each other is known long after their files
// were read. Trees are ten times as large as the objects, so this one is held weakly, and read again from the text when it
// is gone. Invariant: nothing but the text and the places that were asked for stays.
import type { Alias, Node } from 'yaml';
import type { SourceLocation } from '../platform/diagnostic.ts';
import type { FieldPath } from './finding.ts';
import { offsetOf } from './yaml-place.ts';
import type { YamlDocument } from './yaml-text.ts';
import { readYamlValue } from './yaml-value.ts';

export interface YamlTree {
  readonly root: Node;
  readonly targets: ReadonlyMap<Alias, Node>;
  readonly place: YamlDocument['place'];
}

/** Where the value (or the key) at a path of the document stands. */
export type FindPlace = (path: FieldPath, what: 'key' | 'value') => SourceLocation;

/** The closure it returns must not hold the tree: `read` reads it again. */
export function createFindPlace(tree: YamlTree, read: () => YamlDocument): FindPlace {
  const known = new Map<string, SourceLocation>();
  let kept = new WeakRef(tree);

  function treeAgain(): YamlTree {
    const again = treeOf(read());
    kept = new WeakRef(again);
    return again;
  }

  return (path, what) => {
    const id = JSON.stringify([what, ...path]);
    const before = known.get(id);
    if (before !== undefined) return before;
    const { root, targets, place } = kept.deref() ?? treeAgain();
    const found = place(offsetOf(root, targets, path, what));
    known.set(id, found);
    return found;
  };
}

/** Throws where the document has no contents. */
function treeOf({ document, place }: YamlDocument): YamlTree {
  const root = document?.contents;
  if (root === undefined || root === null) throw new Error('a document that had contents has none');
  return { root, targets: readYamlValue(root).targets, place };
}
