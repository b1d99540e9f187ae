// Opens the ledger so that a damaged one stops nobody: what flowed is history and no configuration. What cannot be read
// is moved aside and told; one such file is kept. A file that is in use or may not be written is the caller's to mend.
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SallyportError } from '../../platform/errors.ts';
import type { Ledger } from '../ledger.ts';
import { type LedgerOptions, openLedger } from './open-ledger.ts';

export interface OpenedLedger {
  readonly ledger: Ledger;
  /** The ledger is new, since the one that was there could not be used. */
  readonly movedAside?: {
    /** Where it is now: `<file>.corrupt-<time>`, or `<file>.newer-<time>` if a newer program wrote it. */
    readonly file: string;
    readonly because: SallyportError;
  };
}

const suffixes: ReadonlyMap<string, string> = new Map([
  ['SP_STORE_CORRUPT', '.corrupt-'],
  ['SP_STORE_NEWER', '.newer-'],
]);

/** Throws the SallyportErrors of openLedger but for `SP_STORE_CORRUPT` and `SP_STORE_NEWER`. */
export function openLedgerOrAnew(options: LedgerOptions): OpenedLedger {
  try {
    return { ledger: openLedger(options) };
  } catch (error) {
    const suffix = error instanceof SallyportError ? suffixes.get(error.code) : undefined;
    if (!(error instanceof SallyportError) || suffix === undefined) throw error;
    const { file, clock = Date.now } = options;
    const aside = moveAside(file, suffix, new Date(clock()));
    return { ledger: openLedger(options), movedAside: { file: aside, because: error } };
  }
}

function moveAside(file: string, suffix: string, at: Date): string {
  const folder = dirname(file);
  const earlier = `${basename(file)}${suffix}`;
  for (const name of readdirSync(folder)) if (name.startsWith(earlier)) rmSync(join(folder, name), { force: true });
  const aside = `${file}${suffix}${at.toISOString().replaceAll(':', '-')}`;
  // SQLite takes the log away when it closes the file, and a log that it finds beside an empty one.
  renameSync(file, aside);
  return aside;
}
