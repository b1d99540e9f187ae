// Where the user's authority comes from, and when it changed: a folder that `up --ca-dir` names, else the Secret `cacerts` of
// istio-system. What is unfit is told and changes nothing; what is gone leaves the last good one.
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { secretKind, secretValues } from '../api/kinds/secret.ts';
import type { KubeObject } from '../api/object.ts';
import { parseObject } from '../api/parse-object.ts';
import { rootNamespace } from '../api/root-namespace.ts';
import { systemCode } from '../platform/errors.ts';
import { GoneError } from '../store/errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { AuthoritySource } from './authority.ts';
import { type AuthorityFiles, authorityFiles } from './user-authority.ts';

/** Istio's. */
const secretName = 'cacerts';

export interface FoundFiles {
  readonly source: AuthoritySource;
  readonly files: AuthorityFiles;
  /** Whose files they are, if it is one. */
  readonly secret?: KubeObject;
}

/** `onFound`: now and at every change; undefined: there is none. Runs until the signal aborts. */
export type FollowAuthority = (onFound: (found: FoundFiles | undefined) => void, signal: AbortSignal) => Promise<void>;

/** Files are looked at so often: their time and size, so that those replaced by renaming and by links are seen too. */
const intervalMs = 500;
/** Files that are replaced one after the other are read once. */
const quietMs = 200;

export function followFolder(path: string): FollowAuthority {
  const names = Object.values(authorityFiles);
  const source: AuthoritySource = { kind: 'folder', path };

  async function read(): Promise<FoundFiles> {
    const contents = new Map<string, Uint8Array>();
    for (const name of names) {
      const content = await readFile(join(path, name)).catch((error: unknown) => {
        // One that may not be read is told as missing too: the folder's owner is told which.
        if (systemCode(error) === undefined) throw error;
        return undefined;
      });
      if (content !== undefined) contents.set(name, content);
    }
    return { source, files: (name) => contents.get(name) };
  }

  return async (onFound, signal) => {
    let quiet: NodeJS.Timeout | undefined;
    const take = () => void read().then((found) => (signal.aborted ? undefined : onFound(found)));
    const changed = () => {
      clearTimeout(quiet);
      quiet = setTimeout(take, quietMs);
    };
    for (const name of names) watchFile(join(path, name), { interval: intervalMs, persistent: false }, changed);
    onFound(await read());
    await aborted(signal);
    clearTimeout(quiet);
    for (const name of names) unwatchFile(join(path, name), changed);
  };
}

export function followSecret(store: ObjectStore): FollowAuthority {
  const key = { group: '', kind: secretKind.kind, namespace: rootNamespace, name: secretName };
  const collection = { group: '', kind: secretKind.kind, namespace: rootNamespace };

  async function once(onFound: (found: FoundFiles | undefined) => void, signal: AbortSignal): Promise<void> {
    const { resourceVersion } = await store.list(collection);
    onFound(secretFiles(await store.get(key)));
    for await (const { events } of store.watch([collection], resourceVersion, signal)) {
      const own = events.filter(({ object }) => object.metadata.name === secretName).at(-1);
      if (own !== undefined) onFound(own.type === 'DELETED' ? undefined : secretFiles(own.object));
    }
  }

  return async (onFound, signal) => {
    while (!signal.aborted) {
      await once(onFound, signal).catch((error: unknown) => {
        if (!(error instanceof GoneError)) throw error;
      });
    }
  };
}

function secretFiles(object: KubeObject | undefined): FoundFiles | undefined {
  const secret = parseObject(secretKind.schema, object);
  if (secret === undefined) return undefined;
  const source: AuthoritySource = { kind: 'secret', name: `${rootNamespace}/${secretName}` };
  return { source, files: secretValues(secret), secret };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
