// The files and folders that `up -f` names, followed into the store as long as the control plane runs; their mistakes are
// kept by path for `analyze`. Objects of paths that are no longer named stay, and belong to nobody.
import { resolve } from 'node:path';
import { decodeManifestBytes } from '../api/decode.ts';
import type { Locate } from '../api/finding.ts';
import type { Diagnostic } from '../platform/diagnostic.ts';
import { watchFolder } from '../store/local/folder-source.ts';
import { isWithin } from '../store/local/folder-tree.ts';
import type { LocalStore } from '../store/local/local-store.ts';

export interface FollowedFiles {
  /** What is wrong in them at present. */
  diagnostics(): readonly Diagnostic[];
  /** Where an object of theirs stands; undefined where it is in none of them. */
  locate(resource: string): Locate | undefined;
  /** Called when they may be others, or elsewhere. Returns the unsubscribe function. */
  onChange(listener: () => void): () => void;
  /** Resolves when all have ended after the signal's abort. */
  readonly done: Promise<void>;
}

/** Resolves when each was read once. Throws SallyportError when one cannot be read at all. */
export async function followFiles(
  store: LocalStore,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<FollowedFiles> {
  const roots = paths.map((path) => resolve(path));
  const orphans = store.ownerships().filter(({ file }) => !roots.some((root) => isWithin(root, file)));
  if (orphans.length > 0) await store.release(orphans.map(({ key }) => key));
  const byPath = new Map<string, readonly Diagnostic[]>();
  const listeners = new Set<() => void>();
  const sources = roots.map((path) =>
    watchFolder({
      store,
      path,
      signal,
      decode: (bytes, file) => decodeManifestBytes(bytes, file),
      onDiagnostics: (diagnostics) => {
        byPath.set(path, diagnostics);
        for (const listener of listeners) listener();
      },
    }),
  );
  await Promise.all(sources.map((source) => source.ready));
  return {
    diagnostics: () => [...byPath.values()].flat(),
    locate(resource) {
      for (const source of sources) {
        const locate = source.locate(resource);
        if (locate !== undefined) return locate;
      }
      return undefined;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    done: Promise.all(sources.map((source) => source.done)).then(() => undefined),
  };
}
