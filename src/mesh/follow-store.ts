// Keeps the mesh in step with the store: first everything there is, as one snapshot, then each transaction as it is
// made. When the store no longer has the history (410) it lists again and takes over the difference; the mesh in
// between stays as it was.
import { type KubeObject, keyOf, keyString } from '../api/object.ts';
import { GoneError } from '../store/errors.ts';
import type { Collection, ObjectStore, WatchEvent } from '../store/store.ts';
import type { PolicyMeaning } from './egress-policy/policies.ts';
import { isNews } from './is-news.ts';
import { emptyMesh, isEmptyDelta, type Mesh, type MeshChange, type MeshDelta, updateMesh } from './mesh.ts';
import { createMeshObjects, type MeshObjectsOptions, meshKinds } from './mesh-objects.ts';

/** Called with the first complete snapshot, then with each that differs from the one before. */
export type MeshListener = (mesh: Mesh, delta: MeshDelta) => void;

/** What one transaction brought, whether or not the mesh differs by it. */
export interface MeshStep {
  readonly events: readonly WatchEvent[];
  readonly change: MeshChange;
  /** After it. */
  readonly mesh: Mesh;
}

export interface FollowOptions extends MeshObjectsOptions {
  /** Called after the MeshListener: those who only look on come last. */
  readonly onStep?: (step: MeshStep) => void;
}

const collections: readonly Collection[] = meshKinds.map(({ group, kind }) => ({ group, kind }));

export interface MeshSource {
  /** Ends when the signal aborts. Throws what the store throws, but for a history that is gone. */
  readonly done: Promise<void>;
  /** Takes over what does not come from the store: the content of files, by path; undefined: there is none. */
  setFiles(files: ReadonlyMap<string, Uint8Array | undefined>): void;
  /** What an EgressPolicy stands for now; undefined for any other object. */
  meaningOf(object: KubeObject): PolicyMeaning | undefined;
}

/** Of one timer; what is later is looked at again then. */
const longestMs = 2 ** 31 - 1;

export function followStore(
  store: ObjectStore,
  listener: MeshListener,
  signal: AbortSignal,
  { onStep = () => undefined, ...options }: FollowOptions = {},
): MeshSource {
  const { clock = Date.now } = options;
  const objects = createMeshObjects(options);
  let waking: NodeJS.Timeout | undefined;
  let mesh = emptyMesh;
  let first = true;

  function take(events: readonly WatchEvent[], change: MeshChange, complete: boolean): void {
    const next = updateMesh(mesh, change);
    mesh = next.mesh;
    if (!first || complete) {
      if (first || !isEmptyDelta(next.delta)) listener(mesh, next.delta);
      first = false;
    }
    onStep({ events, change, mesh });
  }

  function translate(events: readonly WatchEvent[], complete: boolean): void {
    take(events, objects.translate(events), complete);
    clearTimeout(waking);
    const next = signal.aborted ? undefined : objects.nextExpiry();
    if (next === undefined) return;
    waking = setTimeout(translate, Math.min(Math.max(next - clock(), 0), longestMs), [], false);
  }

  signal.addEventListener('abort', () => clearTimeout(waking), { once: true });
  return {
    done: follow(store, (batch) => translate(batch.filter(isNews), true), signal),
    setFiles: (files) => take([], { files }, false),
    meaningOf: (object) => objects.meaningOf(object),
  };
}

async function follow(
  store: ObjectStore,
  take: (events: readonly WatchEvent[]) => void,
  signal: AbortSignal,
): Promise<void> {
  let known = new Map<string, KubeObject>();

  while (!signal.aborted) {
    const listed = await listAll(store);
    take(differences(known, listed.objects));
    known = listed.objects;
    try {
      for await (const batch of store.watch(collections, listed.resourceVersion, signal)) {
        const events = batch.events.filter(({ object }) => !listed.has(object, batch.resourceVersion));
        for (const event of events) {
          const key = keyString(keyOf(event.object));
          if (event.type === 'DELETED') known.delete(key);
          else known.set(key, event.object);
        }
        if (events.length > 0) take(events);
      }
    } catch (error) {
      if (!(error instanceof GoneError)) throw error;
    }
  }
}

/**
 * The version is that of the oldest list, so what came between it and the others comes again; `has` tells what a list had
 * already taken in at that version, or a later one: an older state of it would be a step back.
 */
async function listAll(store: ObjectStore) {
  const lists = await Promise.all(collections.map((collection) => store.list(collection)));
  const objects = new Map<string, KubeObject>();
  const versions = new Map<string, string>();
  for (const [index, { group, kind }] of collections.entries()) {
    const { items = [], resourceVersion = '0' } = lists[index] ?? {};
    versions.set(`${group}/${kind}`, resourceVersion);
    for (const object of items) objects.set(keyString(keyOf(object)), object);
  }
  return {
    objects,
    resourceVersion: [...versions.values()].reduce((oldest, one) => (Number(one) < Number(oldest) ? one : oldest)),
    has(object: KubeObject, at: string): boolean {
      const { group, kind } = keyOf(object);
      return Number(at) <= Number(versions.get(`${group}/${kind}`));
    },
  };
}

function differences(before: ReadonlyMap<string, KubeObject>, after: ReadonlyMap<string, KubeObject>): WatchEvent[] {
  const events: WatchEvent[] = [];
  for (const [key, object] of before) if (!after.has(key)) events.push({ type: 'DELETED', object });
  for (const [key, object] of after) {
    const previous = before.get(key);
    if (previous?.metadata.resourceVersion === object.metadata.resourceVersion && previous !== undefined) continue;
    events.push({ type: previous === undefined ? 'ADDED' : 'MODIFIED', object });
  }
  return events;
}
