// A JSON merge patch of one stored object (RFC 7396). The patched whole is decoded as if it were new.
import { decodeObject } from '../api/decode.ts';
import type { KubeObject, ObjectKey } from '../api/object.ts';
import { type Diagnostic, hasErrors, notYetSaid } from '../platform/diagnostic.ts';
import { badRequest, InvalidObjectError } from './api-error.ts';
import type { AnalyzingDeps } from './apply-objects.ts';
import { objectPrintedName } from './object-table.ts';
import type { ObjectResult } from './wire.ts';

/** Throws NotFoundError, InvalidObjectError, or `SP_BAD_REQUEST` where the patch is no patch of this object. */
export async function patchObject(
  { store, diagnosticsOf }: AnalyzingDeps,
  key: ObjectKey,
  patch: unknown,
): Promise<ObjectResult> {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) throw badRequest('a patch is an object');
  let diagnostics: readonly Diagnostic[] = [];
  const { object, outcome } = await store.patch(key, patch, (patched): KubeObject => {
    const decoded = decodeObject(patched);
    diagnostics = decoded.diagnostics;
    if (decoded.object === undefined || hasErrors(diagnostics)) throw new InvalidObjectError(diagnostics);
    return decoded.object;
  });
  const found = notYetSaid(await diagnosticsOf([object]), diagnostics);
  return { index: 0, printedName: objectPrintedName(object), outcome, diagnostics: [...diagnostics, ...found] };
}
