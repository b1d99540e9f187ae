// The user's cached copy of the pinned Envoy: `<cache>/envoy/1.40.0/envoy`. Invariant: a file of that name is
// complete (it is only ever moved there), and it is used only while its hash is the pinned one.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '../../platform/errors.ts';
import { homeFolder } from '../../platform/home-folder.ts';
import { envoyVersion, envoyWheel } from './release.ts';

/** `$XDG_CACHE_HOME/sallyport`, by default `~/.cache/sallyport`. */
export function userCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homeFolder(), '.cache'), 'sallyport');
}

export function cachedEnvoyFile(cacheDir: string): string {
  return join(cacheDir, 'envoy', envoyVersion, 'envoy');
}

/** The cached copy's path, or undefined if there is none or it is not what was put there. */
export async function findCachedEnvoy(cacheDir: string, signal?: AbortSignal): Promise<string | undefined> {
  const path = cachedEnvoyFile(cacheDir);
  const expected = envoyWheel()?.binarySha256;
  if (expected === undefined) return undefined;
  try {
    return (await sha256OfFile(path, signal)) === expected ? path : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'EACCES') return undefined;
    throw error;
  }
}

/** Hex. 100 MB take about 0.1 s. */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const chunks: AsyncIterable<Buffer> = createReadStream(path, { highWaterMark: 1 << 20, ...(signal && { signal }) });
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}
