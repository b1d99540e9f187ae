// Where in a document's text the value at a path of an object was written.
import { type Alias, isAlias, isCollection, isMap, isScalar, isSeq, type Node } from 'yaml';
import type { FieldPath } from './finding.ts';
import { scalarText } from './yaml-value.ts';

/** Where in the text the value (or the key) at a path stands; the nearest field around it if it is not there. */
export function offsetOf(
  root: Node,
  targets: ReadonlyMap<Alias, Node>,
  path: FieldPath,
  what: 'key' | 'value',
): number {
  let node: unknown = root;
  let offset = root.range?.[0] ?? 0;
  for (const [index, part] of path.entries()) {
    if (isAlias(node)) node = targets.get(node);
    const last = index === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && scalarText(key) === part);
      if (pair === undefined || !isScalar(pair.key)) break;
      node = pair.value;
      offset = (last && what === 'key' ? undefined : valueOffset(node)) ?? pair.key.range?.[0] ?? offset;
    } else if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      if (!isScalar(node) && !isCollection(node) && !isAlias(node)) break;
      offset = node.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}

/** Undefined for what begins on a line of its own (a block) or is empty: its key says better where it is. */
function valueOffset(node: unknown): number | undefined {
  if (isAlias(node)) return node.range?.[0];
  if (isScalar(node)) return node.value === null ? undefined : node.range?.[0];
  return isCollection(node) && node.flow === true ? node.range?.[0] : undefined;
}
