// EgressTests of files on what the files say, alone: no mesh is needed. Of files that objects name (certificates and keys) those
// count that this machine has; the system's roots are taken to be there.
import { rootCertificates } from 'node:tls';
import type { KubeObject } from '../api/object.ts';
import { proxyAddresses } from '../controllers/proxy-addresses.ts';
import { systemRootsFile } from '../mesh/tls-secret.ts';
import { createObjectWorld } from '../verdict/object-world.ts';
import { asRunning } from './as-running.ts';
import type { TestRun } from './result.ts';
import { runTests } from './run-tests.ts';
import { testsAmong } from './tests-among.ts';

export interface RunFilesOptions {
  readonly capture: 'redirect' | 'proxy';
  /** Undefined: there is no such file. */
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
}

/** `objects`: each name once. */
export async function runFiles(objects: readonly KubeObject[], { capture, read }: RunFilesOptions): Promise<TestRun> {
  const running = asRunning(objects, objects);
  const files = new Map<string, Uint8Array | undefined>([[systemRootsFile, Buffer.from(rootCertificates.join('\n'))]]);
  const createWorld = () =>
    createObjectWorld({
      objects: running,
      capture: capture === 'proxy' ? { kind: capture, portRules: [] } : { kind: capture, proxies: proxyAddresses },
      files,
    });
  let world = createWorld();
  const named = [...world.mesh.fileUsers.hosts()].filter((path) => !files.has(path));
  if (named.length > 0) {
    for (const path of named) files.set(path, await read(path));
    world = createWorld();
  }
  return runTests(testsAmong(objects), world);
}
