// What a whole file of tests shares, such as one mesh: made before the first test, taken down after the last.
import { after } from 'node:test';
import type { Scope } from './envoy-process.ts';

/** Cleans up in reverse order when the tests of the file or suite have ended. */
export function suiteScope(): Scope {
  const cleanups: (() => void | Promise<void>)[] = [];
  after(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });
  return { after: (cleanup) => void cleanups.push(cleanup) };
}
