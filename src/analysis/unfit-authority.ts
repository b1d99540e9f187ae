// A certificate authority of the user's that cannot be used. Who signs judges it, by the clock too (src/identity); here it is
// said where it stands: of the Secret, or of a file of the folder.
import { problem } from '../api/finding.ts';
import type { Secret } from '../api/kinds/secret.ts';
import type { KubeObject } from '../api/object.ts';
import type { Diagnostic } from '../platform/diagnostic.ts';
import type { CrossFinding } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

export interface UnfitAuthority {
  /** As it was judged; undefined: it is a folder. */
  readonly secret: KubeObject | undefined;
  /** A key of the Secret, or a file's path. */
  readonly file: string;
  readonly message: string;
  readonly hint: string;
}

const code = 'SP1111';

export function* findUnfitAuthority(secret: Secret, around: Surroundings): Iterable<CrossFinding> {
  const unfit = around.unfitAuthority(secret);
  if (unfit === undefined) return;
  const field = Object.hasOwn(secret.stringData ?? {}, unfit.file) ? 'stringData' : 'data';
  const path = Object.hasOwn(secret[field] ?? {}, unfit.file) ? [field, unfit.file] : [];
  yield problem(code, path, messageOf(unfit), unfit.hint);
}

/** Nothing where a Secret is to blame. */
export function unfitFolder(unfit: UnfitAuthority | undefined): readonly Diagnostic[] {
  if (unfit === undefined || unfit.secret !== undefined) return [];
  const source = { file: unfit.file, line: 1, column: 1 };
  return [{ severity: 'error', code, resource: '', path: '', source, message: messageOf(unfit), hint: unfit.hint }];
}

function messageOf({ message }: UnfitAuthority): string {
  return `${message}, so this CA is not used and the one before it stays`;
}
