// One thing that was looked for on this machine, and what it means for a local mesh.

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What is there, in a few words: a version, a path, or what is missing. */
  readonly found: string;
  /** What it is needed for. */
  readonly meaning: string;
  /** What to do about it; only where it is not ok. */
  readonly mend?: string;
}

/** A check of `found`, or of its absence: then `missing` is said and `mend` given. */
export function presence(
  {
    name,
    meaning,
    missing,
    mend,
  }: Pick<Check, 'name' | 'meaning'> & { readonly missing: string; readonly mend: string },
  found: string | undefined,
): Check {
  return found === undefined ? { name, ok: false, found: missing, meaning, mend } : { name, ok: true, found, meaning };
}
