// One pass of a folder source: a reading of the folder goes into the store. Remembers between passes what need not
// be decoded or applied again. What the store refuses is a diagnostic, and no reason to leave out the rest.
import { type KubeObject, keyOf, keyString, resourceName } from '../../api/object.ts';
import type { Diagnostic } from '../../platform/diagnostic.ts';
import { SallyportError } from '../../platform/errors.ts';
import { NotFoundError } from '../errors.ts';
import { type DecodeFile, declareFile, type FileDeclaration } from './file-declaration.ts';
import { type FolderPlan, planFolder } from './folder-plan.ts';
import { type FolderTree, isWithin } from './folder-tree.ts';
import type { FileOwnership, LocalStore } from './local-store.ts';

export interface PassResult {
  readonly diagnostics: readonly Diagnostic[];
  /** Something could not be read or stored. */
  readonly unfinished: boolean;
}

/** A function that brings the store to what a reading of `root` shows. */
export function createFolderPass(
  store: LocalStore,
  decode: DecodeFile,
  root: string,
): (tree: FolderTree) => Promise<PassResult> {
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
