// A store that follows a folder, and a way to wait for what the test expects of them: woken by every change of the
// store and every report, never by the clock. Files are JSON: `{"objects": [...], "bad": [resource, ...]}`.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { KubeObject } from '../../src/api/object.ts';
import type { Diagnostic } from '../../src/platform/diagnostic.ts';
import type { DecodeFile } from '../../src/store/local/file-declaration.ts';
import { type FolderSource, watchFolder } from '../../src/store/local/folder-source.ts';
import { type LocalStore, openLocalStore } from '../../src/store/local/local-store.ts';
import { serviceEntry } from './objects.ts';
import { temporaryFolder } from './temporary-folder.ts';

const entries = { group: 'networking.istio.io', kind: 'ServiceEntry' };

export interface FollowedFolder {
  readonly store: LocalStore;
  /** The folder the manifests are in. */
  readonly path: string;
  /** What was reported last. */
  readonly diagnostics: () => readonly Diagnostic[];
  /** `name=host` of every ServiceEntry. */
  readonly hosts: () => Promise<readonly string[]>;
  /** Begins to follow; a second call only after `stop`. */
  start(path?: string): FolderSource;
  stop(): Promise<void>;
  /** Resolves when the condition holds; a test's timeout ends a wait in vain. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  untilHosts(...expected: readonly string[]): Promise<void>;
}

export async function followedFolder(context: TestContext): Promise<FollowedFolder> {
  const folder = temporaryFolder(context);
  const path = join(folder, 'mesh');
  mkdirSync(path);
  const store = await openLocalStore({ file: join(folder, 'data', 'store.sqlite') });
  const { resourceVersion } = await store.list(entries);
  let reported: readonly Diagnostic[] = [];
  let changed = Promise.withResolvers<void>();
  const wake = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const watching = (async () => {
    for await (const _ of store.watch([entries, { group: '', kind: 'Namespace' }], resourceVersion, context.signal))
      wake();
  })();
  let stopping = new AbortController();
  let source: FolderSource | undefined;

  const hosts = async () => {
    const { items } = await store.list(entries);
    return items.map(({ metadata, spec }) => `${metadata.name}=${Reflect.get(Object(spec), 'hosts')}`);
  };
  async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
    for (let next = changed.promise; !(await condition()); next = changed.promise) await next;
  }
  async function stop(): Promise<void> {
    stopping.abort();
    await source?.done;
  }
  context.after(async () => {
    await stop();
    await store.close();
    await watching;
  });
  return {
    store,
    path,
    diagnostics: () => reported,
    hosts,
    start(at = path) {
      stopping = new AbortController();
      const onDiagnostics = (diagnostics: readonly Diagnostic[]) => {
        reported = diagnostics;
        wake();
      };
      source = watchFolder({ store, path: at, signal: stopping.signal, onDiagnostics, decode });
      return source;
    },
    stop,
    until,
    untilHosts: (...expected) => until(async () => JSON.stringify(await hosts()) === JSON.stringify(expected)),
  };
}

/** A manifest of ServiceEntries, `name=host` each; `bad` are the resources that a mistake is in, '' for unknown. */
export function manifest(names: readonly string[], bad: readonly string[] = []): string {
  const objects = names.map((text) => {
    const [name = '', host = 'x'] = text.split('=');
    return serviceEntry(name, [host]);
  });
  return JSON.stringify({ objects, bad });
}

export function writeManifest(file: string, names: readonly string[], bad: readonly string[] = []): void {
  writeFileSync(file, manifest(names, bad));
}

const decode: DecodeFile = (bytes, file) => {
  const text = new TextDecoder().decode(bytes);
  const value: unknown = text === '' ? { objects: [], bad: [] } : JSON.parse(text);
  assert.ok(isManifest(value), file);
  const mistake = (resource: string): Diagnostic => ({
    severity: 'error',
    code: 'SP0103',
    resource,
    path: '',
    message: 'bad',
  });
  return {
    objects: value.objects.map((object) => ({ object, locate: () => ({ file, line: 1, column: 1 }) })),
    diagnostics: value.bad.map(mistake),
  };
};

function isManifest(value: unknown): value is { objects: readonly KubeObject[]; bad: readonly string[] } {
  return typeof value === 'object' && value !== null && 'objects' in value && 'bad' in value;
}
