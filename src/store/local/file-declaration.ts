// What one file of a watched folder declares, and which of its earlier objects stay although the file no longer
// gives them: those that stand in it with a mistake. Nothing is deleted because it could not be understood.
import type { Locate } from '../../api/finding.ts';
import { type KubeObject, keyOf, keyString, type ObjectKey, resourceName } from '../../api/object.ts';
import type { Diagnostic } from '../../platform/diagnostic.ts';

/** Turns a file's bytes into its good objects and the mistakes of the others. */
export type DecodeFile = (
  bytes: Uint8Array,
  file: string,
) => {
  readonly objects: readonly { readonly object: KubeObject; readonly locate: Locate }[];
  readonly diagnostics: readonly Diagnostic[];
};

export interface FileDeclaration {
  /** The good objects, by keyString. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** Where they stand, by keyString. */
  readonly places: ReadonlyMap<string, Locate>;
  /** Whether an object that is not among `objects` may be one with a mistake, so that its last good version stays. */
  readonly keeps: (key: ObjectKey) => boolean;
  readonly diagnostics: readonly Diagnostic[];
}

export function declareFile(bytes: Uint8Array, file: string, decode: DecodeFile): FileDeclaration {
  const decoded = decode(bytes, file);
  const objects = new Map<string, KubeObject>();
  const places = new Map<string, Locate>();
  const diagnostics = [...decoded.diagnostics];
  for (const { object, locate } of decoded.objects) {
    const key = keyOf(object);
    const id = keyString(key);
    if (objects.has(id)) {
      diagnostics.push(declaredTwice(key, file, file));
      continue;
    }
    objects.set(id, object);
    places.set(id, locate);
  }
  const mistaken = decoded.diagnostics.filter(({ severity }) => severity === 'error').map(({ resource }) => resource);
  return { objects, places, diagnostics, keeps: (key) => mistaken.some((resource) => mayName(resource, key)) };
}

/** An object that stands in a file but is taken from another one, or from an earlier place of the same. */
export function declaredTwice(key: ObjectKey, file: string, first: string): Diagnostic {
  return {
    severity: 'error',
    code: 'SP0602',
    resource: resourceName(key),
    path: '',
    source: { file, line: 1, column: 1 },
    message: file === first ? 'stands in this file twice; the first one counts' : `belongs to ${first} already`,
    hint: 'keep one of them',
  };
}

// A mistake that names no object may be in any. The kind does not count: it may be what is mistyped.
function mayName(resource: string, key: ObjectKey): boolean {
  const [, ...place] = resource.split('/');
  const [name, namespace] = place.toReversed();
  if (name === undefined) return true;
  return name === key.name && (namespace === undefined || namespace === key.namespace);
}
