// The user's home folder, under which state and caches lie where nothing else is said.
import { homedir } from 'node:os';
import { isAbsolute } from 'node:path';
import { SallyportError } from './errors.ts';

/** HOME, else what the system knows of the user. Throws SallyportError where it knows none. */
export function homeFolder(): string {
  try {
    const home = homedir();
    if (isAbsolute(home)) return home;
  } catch {
    // A user id without a name.
  }
  throw new SallyportError('SP_NO_HOME', 'this user has no home folder', { hint: 'set HOME to a folder of yours' });
}
