// The store's objects on their way to the worker, which cannot open a file that its writer has to itself. They are packed in
// slices with room between them, so that no proxy waits for thousands of objects.
import { setImmediate as breathe } from 'node:timers/promises';
import { podKind } from '../api/kinds/pod.ts';
import type { KubeObject } from '../api/object.ts';
import { meshKinds } from '../mesh/mesh-objects.ts';
import type { ObjectStore } from '../store/store.ts';

/** JSON texts of arrays of objects, in UTF-8. */
export type PackedObjects = readonly Uint8Array[];

const sliceSize = 250;
const kinds = new Set([...meshKinds, podKind].map(({ group, kind }) => `${group}/${kind}`));

/** Of the kinds that the mesh is made of, and pods. */
export async function packObjects(store: ObjectStore): Promise<PackedObjects> {
  const encoder = new TextEncoder();
  const packed: Uint8Array[] = [];
  for (const name of kinds) {
    const slash = name.indexOf('/');
    const { items } = await store.list({ group: name.slice(0, slash), kind: name.slice(slash + 1) });
    for (let start = 0; start < items.length; start += sliceSize) {
      packed.push(encoder.encode(JSON.stringify(items.slice(start, start + sliceSize))));
      await breathe();
    }
  }
  return packed;
}

export function unpackObjects(packed: PackedObjects): readonly KubeObject[] {
  const decoder = new TextDecoder();
  // What packObjects wrote, in this process.
  return packed.flatMap((slice) => JSON.parse(decoder.decode(slice)) as KubeObject[]);
}
