// One pass of a folder source: a reading of the folder goes into the store. Remembers between passes what need not
// be decoded or applied again. What the store refuses is a diagnostic, and no reason to leave out the rest.
import type { Locate } from '../../api/finding.ts';
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
  /** Some file has other bytes than in the pass before, or is new or gone: objects may stand elsewhere. */
  readonly moved: boolean;
}

export interface FolderPass {
  /** Brings the store to what a reading of the root shows. */
  run(tree: FolderTree): Promise<PassResult>;
  /** Where an object that belongs to a file of the folder stands in it; not of one whose last good version was kept. */
  locate(resource: string): Locate | undefined;
}

export function createFolderPass(store: LocalStore, decode: DecodeFile, root: string): FolderPass {
  let decoded = new Map<string, { readonly hash: string; readonly declaration: FileDeclaration }>();
  const applied = new Map<string, KubeObject>();
  /** By resource, after the last pass. */
  let places: ReadonlyMap<string, Locate> = new Map();

  function declare({ files }: FolderTree) {
    const earlier = decoded;
    decoded = new Map();
    for (const [file, { bytes, hash }] of files) {
      const known = earlier.get(file);
      decoded.set(file, known?.hash === hash ? known : { hash, declaration: declareFile(bytes, file, decode) });
    }
    return {
      declarations: new Map([...decoded].map(([file, { declaration }]) => [file, declaration])),
      moved: earlier.size !== decoded.size || [...decoded].some(([file, one]) => earlier.get(file) !== one),
    };
  }

  function placesIn(declarations: ReadonlyMap<string, FileDeclaration>): ReadonlyMap<string, Locate> {
    const found = new Map<string, Locate>();
    for (const { key, file } of store.ownerships()) {
      const locate = declarations.get(file)?.places.get(keyString(key));
      if (locate !== undefined) found.set(resourceName(key), locate);
    }
    return found;
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

  return {
    async run(tree) {
      const { declarations, moved } = declare(tree);
      const plan = planFolder({
        declarations,
        ownerships: store.ownerships(),
        applied,
        isInside: (file) => isWithin(root, file),
        isUnread: (file) => [...tree.failures.keys()].some((failed) => isWithin(failed, file)),
      });
      const refusals = await carryOut(plan);
      places = placesIn(declarations);
      const unread = [...tree.failures].map(([file, why]) => notRead(file, why));
      const mistakes = [...declarations.values()].flatMap(({ diagnostics }) => diagnostics);
      return {
        diagnostics: [...unread, ...mistakes, ...plan.diagnostics, ...refusals],
        unfinished: unread.length > 0 || refusals.length > 0,
        moved,
      };
    },
    locate: (resource) => places.get(resource),
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
