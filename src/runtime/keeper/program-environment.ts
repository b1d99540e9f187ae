// The environment that programs find before their own variables: that of the `up` that began the mesh. Kept until `down`, so
// that a later `up`, from whatever shell, restarts nothing. It may hold secrets: the file is its user's alone.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../platform/atomic-file.ts';

const environmentSchema = z.record(z.string(), z.string());

export type ProgramEnvironment = Readonly<z.infer<typeof environmentSchema>>;

export function environmentFile(keeperPath: string): string {
  return join(keeperPath, 'environment.json');
}

/** What is kept; if there is nothing, or nothing that can be read, `first` from now on. */
export function keptEnvironment(keeperPath: string, first: ProgramEnvironment): ProgramEnvironment {
  const kept = read(environmentFile(keeperPath));
  if (kept === undefined) writeFileAtomically(environmentFile(keeperPath), JSON.stringify(first));
  return kept ?? first;
}

function read(file: string): ProgramEnvironment | undefined {
  try {
    return environmentSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
