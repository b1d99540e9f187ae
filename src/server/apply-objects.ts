// One apply: every object is decoded on its own, the good ones are stored in one transaction, the bad ones are
// named. One bad object never stops the others.
import { decodeObject } from '../api/decode.ts';
import { type KubeObject, keyOf, keyString, type ObjectKey, resourceName } from '../api/object.ts';
import { type Diagnostic, hasErrors, notYetSaid } from '../platform/diagnostic.ts';
import { OwnedByFileError } from '../store/errors.ts';
import type { ApplyResult, ObjectStore } from '../store/store.ts';
import type { ServerDeps } from './deps.ts';
import { objectPrintedName } from './object-table.ts';
import type { ApplyBody, ObjectResult } from './wire.ts';

interface Candidate {
  readonly index: number;
  readonly object: KubeObject;
  /** Warnings. */
  readonly diagnostics: readonly Diagnostic[];
}

export type AnalyzingDeps = Pick<ServerDeps, 'store' | 'diagnosticsOf'>;

/** One result per value, in order. Throws what the store throws, but for refusals of single objects. */
export async function applyObjects(
  { store, diagnosticsOf }: AnalyzingDeps,
  values: readonly unknown[],
): Promise<ApplyBody> {
  const results = new Map<number, ObjectResult>();
  let candidates: readonly Candidate[] = values.flatMap((value, index) => {
    const { object, diagnostics } = decodeObject(value);
    if (object !== undefined && !hasErrors(diagnostics)) return [{ index, object, diagnostics }];
    results.set(index, { index, printedName: '', diagnostics });
    return [];
  });
  for (;;) {
    const outcome = await tryApply(store, candidates);
    if (!(outcome instanceof OwnedByFileError)) {
      outcome.forEach((result, position) => {
        const candidate = candidates[position];
        if (candidate !== undefined) results.set(candidate.index, resultOf(candidate, result));
      });
      const all = values.map((_, index) => results.get(index) ?? { index, printedName: '', diagnostics: [] });
      const found = await diagnosticsOf(outcome.map(({ object }) => object));
      const said = all.flatMap(({ diagnostics }) => diagnostics);
      return { results: all, diagnostics: notYetSaid(found, said) };
    }
    const owned = keyString(outcome.key);
    const refused = candidates.filter(({ object }) => keyString(keyOf(object)) === owned);
    if (refused.length === 0) throw outcome;
    for (const { index } of refused) results.set(index, refusedResult(index, outcome));
    candidates = candidates.filter((candidate) => !refused.includes(candidate));
  }
}

async function tryApply(
  store: ObjectStore,
  candidates: readonly Candidate[],
): Promise<readonly ApplyResult[] | OwnedByFileError> {
  try {
    return await store.apply(candidates.map(({ object }) => object));
  } catch (error) {
    if (error instanceof OwnedByFileError) return error;
    throw error;
  }
}

function resultOf({ index, object, diagnostics }: Candidate, { outcome }: ApplyResult): ObjectResult {
  return { index, printedName: objectPrintedName(object), outcome, diagnostics };
}

function refusedResult(index: number, error: OwnedByFileError): ObjectResult {
  return { index, printedName: '', diagnostics: [ownedDiagnostic(error.key, error)] };
}

function ownedDiagnostic(key: ObjectKey, { code, message, hint }: OwnedByFileError): Diagnostic {
  return {
    severity: 'error',
    code,
    resource: resourceName(key),
    path: '',
    message,
    ...(hint === undefined ? {} : { hint }),
  };
}
