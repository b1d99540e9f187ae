// Certificates, keys and roots in files on the host that objects name, and the system's own roots: read, watched, and given
// to the mesh as content (contract lines 4 and 23). A file that cannot be read is as if it were not there.

import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import { isCertificate } from '../mesh/pem.ts';
import { systemRootsFile } from '../mesh/tls-secret.ts';
import { messageOf } from '../platform/errors.ts';
import type { Logger } from '../platform/log.ts';

export interface TrustFilesOptions {
  /** Roots beside the system's: the path of SALLYPORT_EXTRA_CA_FILE. */
  readonly extraRoots: string | undefined;
  /** Content by path; undefined: it is gone. */
  readonly onChange: (files: ReadonlyMap<string, Uint8Array | undefined>) => void;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export interface TrustFiles {
  /** Exactly these are followed from now on, and the system's roots. */
  follow(paths: Iterable<string>): void;
}

/** Where distributions keep them; the first that is there counts. */
const systemFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** How often a file is looked at: its time and size, so that files replaced by renaming and by links are seen too. */
const intervalMs = 500;
/** What is larger is no certificate. */
const largest = 4 * 1024 * 1024;

export function followTrustFiles({ extraRoots, onChange, signal, log }: TrustFilesOptions): TrustFiles {
  const followed = new Map<string, () => void>();
  let ownRoots: Uint8Array | undefined;

  async function read(path: string): Promise<Uint8Array | undefined> {
    try {
      const content = await readFile(path, { signal });
      return content.length > largest ? undefined : content;
    } catch (error) {
      if (!signal.aborted) log.warn({ path, error: messageOf(error) }, 'a file that an object names cannot be read');
      return undefined;
    }
  }

  async function take(path: string): Promise<void> {
    const content = await read(path);
    if (!signal.aborted && followed.has(path)) onChange(new Map([[path, content]]));
  }

  /** One's own are judged by themselves: what is wrong with them is not to take the system's away. */
  async function takeRoots(): Promise<void> {
    const own = extraRoots === undefined ? undefined : await read(extraRoots);
    if (own === undefined || isCertificate(own)) ownRoots = own;
    else log.warn({ path: extraRoots }, 'the file of extra roots is no certificate; the last good one stays');
    const roots = [await systemRoots(signal), ownRoots].filter((part) => part !== undefined);
    if (!signal.aborted)
      onChange(new Map([[systemRootsFile, Buffer.concat(roots.flatMap((part) => [part, newline]))]]));
  }

  function watch(path: string, onEvent: () => Promise<void>): () => void {
    const listener = () => void onEvent();
    watchFile(path, { interval: intervalMs, persistent: false }, listener);
    void onEvent();
    return () => unwatchFile(path, listener);
  }

  const stops = [extraRoots === undefined ? undefined : watch(extraRoots, takeRoots)];
  if (extraRoots === undefined) void takeRoots();
  signal.addEventListener('abort', () => {
    for (const stop of [...stops, ...followed.values()]) stop?.();
  });

  return {
    follow(paths) {
      const wanted = new Set(paths);
      for (const [path, stop] of followed) {
        if (wanted.has(path)) continue;
        stop();
        followed.delete(path);
        onChange(new Map([[path, undefined]]));
      }
      for (const path of wanted) {
        if (followed.has(path)) continue;
        followed.set(path, () => undefined);
        followed.set(
          path,
          watch(path, () => take(path)),
        );
      }
    },
  };
}

const newline = Buffer.from('\n');

/** Those of the machine, else those that Node brings along. */
async function systemRoots(signal: AbortSignal): Promise<Uint8Array> {
  for (const path of systemFiles) {
    const content = await readFile(path, { signal }).catch(() => undefined);
    if (content !== undefined && content.length > 0) return content;
  }
  return Buffer.from(rootCertificates.join('\n'));
}
