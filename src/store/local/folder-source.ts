// Follows a file or folder of manifests into the local store: every object belongs to its file, and goes when it
// is taken out of it. Invariant: nothing is deleted because it could not be read or understood; the last good
// version stays and a diagnostic says why.
import { resolve, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type KubeObject, keyOf, keyString, resourceName } from '../../api/object.ts';
import type { Diagnostic } from '../../platform/diagnostic.ts';
import { SallyportError } from '../../platform/errors.ts';
import { NotFoundError } from '../errors.ts';
import { type DecodeFile, declareFile, type FileDeclaration } from './file-declaration.ts';
import { createFolderAlarm, type FolderAlarm } from './folder-alarm.ts';
import { type FolderPlan, planFolder } from './folder-plan.ts';
import { type FolderTree, readFolderTree } from './folder-tree.ts';
import type { FileOwnership, LocalStore } from './local-store.ts';

export interface FolderSourceOptions {
  readonly store: LocalStore;
  /** A file, whatever its name, or a folder of .yaml, .yml and .json files at any depth. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Gets all that is wrong at present, after the first reading and whenever it changes; empty when mended. */
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
  /** Resolves when it has ended after the signal's abort; rejects only for bugs. */
  readonly done: Promise<void>;
}

/** What could not be read or stored is tried again after this long, without any change. */
const retryMs = 2000;

export function watchFolder(options: FolderSourceOptions): FolderSource {
  const ready = Promise.withResolvers<void>();
  // Who does not wait for it is told by the diagnostics.
  ready.promise.catch(() => undefined);
  const done = follow(options, ready).finally(() => ready.reject(options.signal.reason));
  return { ready: ready.promise, done };
}

async function follow(options: FolderSourceOptions, ready: PromiseWithResolvers<void>): Promise<void> {
  const { store, signal, onDiagnostics } = options;
  const root = resolve(options.path);
  const pass = createPass(options, root);
  const alarm = createFolderAlarm();
  let reported: readonly Diagnostic[] | undefined;
  try {
    while (!signal.aborted) {
      const tree = await readWatched(root, alarm);
      if (signal.aborted) break;
      const failure = tree.failures.get(root);
      const known = store.ownerships().some(({ file }) => isWithin(root, file));
      const { diagnostics, unfinished } = await pass(tree);
      if (!isDeepStrictEqual(diagnostics, reported)) onDiagnostics(diagnostics);
      reported = diagnostics;
      if (failure === undefined || known) ready.resolve();
      else ready.reject(new SallyportError('SP_FILES_UNREADABLE', `cannot read ${root}: ${failure}`));
      await alarm.quiet(signal, unfinished ? retryMs : undefined);
    }
  } finally {
    alarm.close();
  }
}

/** A reading after which every change raises the alarm. */
async function readWatched(root: string, alarm: FolderAlarm): Promise<FolderTree> {
  for (;;) {
    const tree = await readFolderTree(root);
    if (!alarm.watch(tree.folders)) return tree;
  }
}

interface PassResult {
  readonly diagnostics: readonly Diagnostic[];
  /** Something could not be read or stored. */
  readonly unfinished: boolean;
}

/** Brings the store to what a reading shows; remembers what need not be decoded or applied again. */
function createPass({ store, decode }: FolderSourceOptions, root: string): (tree: FolderTree) => Promise<PassResult> {
  let decoded = new Map<string, { readonly hash: string; readonly declaration: FileDeclaration }>();
  const applied = new Map<string, KubeObject>();

  function declare({ files }: FolderTree): ReadonlyMap<string, FileDeclaration> {
    const earlier = decoded;
    decoded = new Map();
    for (const [file, { bytes, hash }] of files) {
      const known = earlier.get(file);
      decoded.set(file, known?.hash === hash ? known : { hash, declaration: declareFile(bytes, file, decode) });
    }
    return new Map([...decoded].map(([file, { declaration }]) => [file, declaration]));
  }

  async function applyFile(file: string, objects: readonly KubeObject[]): Promise<void> {
    await store.apply(objects, { ownerFile: file });
    for (const object of objects) applied.set(keyString(keyOf(object)), object);
  }

  async function remove({ key, file }: FileOwnership): Promise<void> {
    applied.delete(keyString(key));
    await store.delete(key, { ownerFile: file }).catch((error) => {
      // It went with its owner or its namespace.
      if (!(error instanceof NotFoundError)) throw error;
    });
  }

  async function carryOut(plan: FolderPlan): Promise<readonly Diagnostic[]> {
    const refusals: Diagnostic[] = [];
    const attempt = async (file: string, resource: string, step: () => Promise<void>) => {
      try {
        await step();
      } catch (error) {
        if (!(error instanceof SallyportError)) throw error;
        refusals.push(notStored(error, file, resource));
      }
    };
    if (plan.release.length > 0) await attempt(root, '', () => store.release(plan.release));
    for (const [file, objects] of plan.apply) await attempt(file, '', () => applyFile(file, objects));
    for (const gone of plan.remove) await attempt(gone.file, resourceName(gone.key), () => remove(gone));
    return refusals;
  }

  return async (tree) => {
    const declarations = declare(tree);
    const plan = planFolder({
      declarations,
      ownerships: store.ownerships(),
      applied,
      isInside: (file) => isWithin(root, file),
      isUnread: (file) => [...tree.failures.keys()].some((failed) => isWithin(failed, file)),
    });
    const refusals = await carryOut(plan);
    const unread = [...tree.failures].map(([file, why]) => notRead(file, why));
    const mistakes = [...declarations.values()].flatMap(({ diagnostics }) => diagnostics);
    return {
      diagnostics: [...unread, ...mistakes, ...plan.diagnostics, ...refusals],
      unfinished: unread.length > 0 || refusals.length > 0,
    };
  };
}

function isWithin(path: string, file: string): boolean {
  return file === path || file.startsWith(path.endsWith(sep) ? path : path + sep);
}

function notRead(file: string, why: string): Diagnostic {
  return {
    severity: 'error',
    code: 'SP0601',
    resource: '',
    path: '',
    source: { file, line: 1, column: 1 },
    message: `cannot be read: ${why}`,
    hint: 'what was read from it before stays in force',
  };
}

function notStored(error: SallyportError, file: string, resource: string): Diagnostic {
  return {
    severity: 'error',
    code: 'SP0603',
    resource,
    path: '',
    source: { file, line: 1, column: 1 },
    message: `could not be stored: ${error.message}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}
