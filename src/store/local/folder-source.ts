// Follows a file or folder of manifests into the local store: every object belongs to its file, and goes when it
// is taken out of it. Invariant: nothing is deleted because it could not be read or understood; the last good
// version stays and a diagnostic says why.
import { resolve } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Locate } from '../../api/finding.ts';
import type { Diagnostic } from '../../platform/diagnostic.ts';
import { SallyportError } from '../../platform/errors.ts';
import type { DecodeFile } from './file-declaration.ts';
import { createFolderAlarm, type FolderAlarm } from './folder-alarm.ts';
import { createFolderPass, type FolderPass } from './folder-pass.ts';
import { type FolderTree, isWithin, readFolderTree } from './folder-tree.ts';
import type { LocalStore } from './local-store.ts';

export interface FolderSourceOptions {
  readonly store: LocalStore;
  /** A file, whatever its name, or a folder of .yaml, .yml and .json files at any depth. */
  readonly path: string;
  readonly signal: AbortSignal;
  /**
   * Gets all that is wrong at present, after the first reading and whenever it changes or objects may stand elsewhere;
   * empty when mended.
   */
  readonly onDiagnostics: (diagnostics: readonly Diagnostic[]) => void;
  readonly decode: DecodeFile;
}

export interface FolderSource {
  /**
   * Resolves when all has been read and applied once. Objects or single files with mistakes do not hold it up, nor
   * does a path that cannot be read if the store has objects of it from an earlier run. Otherwise rejects with
   * `SP_FILES_UNREADABLE`; the path is followed nevertheless, until the signal aborts.
   */
  readonly ready: Promise<void>;
  /** Where an object that belongs to one of the files stands in it. */
  locate(resource: string): Locate | undefined;
  /** Resolves when it has ended after the signal's abort; rejects only for bugs. */
  readonly done: Promise<void>;
}

/** What could not be read or stored is tried again after this long, without any change. */
const retryMs = 2000;
const mostReadings = 5;

export function watchFolder(options: FolderSourceOptions): FolderSource {
  const ready = Promise.withResolvers<void>();
  // Who does not wait for it is told by the diagnostics.
  ready.promise.catch(() => undefined);
  const pass = createFolderPass(options.store, options.decode, resolve(options.path));
  const done = follow(options, pass, ready).then(
    () => ready.reject(options.signal.reason),
    (bug: unknown) => {
      ready.reject(bug);
      throw bug;
    },
  );
  return { ready: ready.promise, locate: pass.locate, done };
}

async function follow(
  options: FolderSourceOptions,
  pass: FolderPass,
  ready: PromiseWithResolvers<void>,
): Promise<void> {
  const { store, signal, onDiagnostics } = options;
  const root = resolve(options.path);
  const alarm = createFolderAlarm();
  let reported: readonly Diagnostic[] | undefined;
  try {
    while (!signal.aborted) {
      const tree = await readCalm(root, alarm, signal);
      if (signal.aborted) break;
      const failure = tree.failures.get(root);
      const known = store.ownerships().some(({ file }) => isWithin(root, file));
      const { diagnostics, unfinished, moved } = await pass.run(tree);
      if (moved || !isDeepStrictEqual(diagnostics, reported)) onDiagnostics(diagnostics);
      reported = diagnostics;
      if (failure === undefined || known) ready.resolve();
      else ready.reject(new SallyportError('SP_FILES_UNREADABLE', `cannot read ${root}: ${failure}`));
      await alarm.quiet(signal, unfinished ? retryMs : undefined);
    }
  } finally {
    alarm.close();
  }
}

/**
 * A reading after which every change raises the alarm, and during which nothing changed: a listing made while a file
 * is renamed may show neither of its names. Under changes without end the last of a few readings has to do.
 */
async function readCalm(root: string, alarm: FolderAlarm, signal: AbortSignal): Promise<FolderTree> {
  for (let attempt = 1; ; attempt += 1) {
    const tree = await readFolderTree(root);
    const added = alarm.watch(tree.folders);
    await turn();
    if (signal.aborted || attempt === mostReadings || !(added || alarm.isRaised())) return tree;
    if (alarm.isRaised()) await alarm.quiet(signal, undefined);
  }
}
