// The object store: everything configured and everything reported is an object in it. Two implementations
// (local SQLite, a Kubernetes API server) pass the same contract suite (test/store/contract.ts), and nothing
// above knows which one it runs on. What an apply acknowledged survives `kill -9`.
import type { KubeObject, ObjectKey } from '../api/object.ts';

/** Selects a collection. Without `namespace`: all namespaces. */
export interface Collection {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
}

export interface ObjectList {
  readonly items: readonly KubeObject[];
  /** Watch from here to miss nothing. */
  readonly resourceVersion: string;
}

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED'; readonly object: KubeObject; readonly previous?: KubeObject }
  | { readonly type: 'DELETED'; readonly object: KubeObject };

/** Events of one transaction come in one batch, so that one apply is one change downstream. */
export interface WatchBatch {
  readonly events: readonly WatchEvent[];
  readonly resourceVersion: string;
}

export type ApplyOutcome = 'created' | 'configured' | 'unchanged';

export interface ApplyResult {
  readonly key: ObjectKey;
  readonly outcome: ApplyOutcome;
  readonly object: KubeObject;
}

export interface ApplyOptions {
  /** The file an object belongs to when it comes from a watched folder; other writers are then refused. */
  readonly ownerFile?: string;
}

export interface DeleteOptions extends ApplyOptions {
  /** Of the object as it was seen: one that has changed since is not deleted. */
  readonly resourceVersion?: string;
}

export interface StatusPatch {
  readonly key: ObjectKey;
  readonly patch: unknown;
}

export interface ObjectStore {
  get(key: ObjectKey): Promise<KubeObject | undefined>;
  /** Sorted by namespace, then name. */
  list(collection: Collection): Promise<ObjectList>;
  /**
   * Batches after `resourceVersion`, in order, until the signal aborts (then it ends without throwing).
   * Throws GoneError when that version is older than what is kept: list again, then watch.
   */
  watch(collections: readonly Collection[], resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchBatch>;
  /** Creates or replaces spec, labels and annotations of all objects in one transaction; status is kept. */
  apply(objects: readonly KubeObject[], options?: ApplyOptions): Promise<readonly ApplyResult[]>;
  /** JSON merge patch (RFC 7396) on the stored object. Throws NotFoundError. `validate` may throw to refuse. */
  patch(key: ObjectKey, patch: unknown, validate: (patched: unknown) => KubeObject): Promise<ApplyResult>;
  /** Throws NotFoundError, and ConflictError where `resourceVersion` is not the object's. */
  delete(key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /** Replaces status only; does not touch generation. Equal status writes nothing. Throws NotFoundError. */
  updateStatus(key: ObjectKey, status: unknown): Promise<void>;
  /**
   * JSON merge patches on the status of objects, in one transaction; what others wrote there stays. Objects that are gone are
   * passed over, and a status with nothing left in it goes.
   */
  patchStatus(patches: readonly StatusPatch[]): Promise<void>;
  close(): Promise<void>;
}
