// Asks an Envoy binary what it is. Runs it only with `--version` and `--mode validate`, which open no port.
import { execFile } from 'node:child_process';
import { messageOf, SallyportError } from '../../platform/errors.ts';
import { probeBootstrap } from './probe-bootstrap.ts';

/** What a binary said, or in one sentence why it will not do. */
export type EnvoyInspection =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly reason: string };

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
  readonly reason: string;
}

const patienceMs = 20_000;

/** `bootstrap` is JSON; the probe if absent. */
export async function inspectEnvoy(
  path: string,
  options: { readonly bootstrap?: string; readonly signal?: AbortSignal } = {},
): Promise<EnvoyInspection> {
  const said = await askVersion(path, options.signal);
  if (!said.ok) return said;
  const { version } = said;
  const bootstrap = options.bootstrap ?? probeBootstrap;
  const validated = await run(
    path,
    ['--mode', 'validate', '-l', 'critical', '--config-yaml', bootstrap],
    options.signal,
  );
  if (!validated.ok)
    return { ok: false, reason: `Envoy ${version} refuses the probe configuration: ${validated.reason}` };
  return { ok: true, version };
}

/** `1.40.0`. Throws `SP_ENVOY_UNUSABLE` for what does not run or is no Envoy. */
export async function readEnvoyVersion(path: string, signal?: AbortSignal): Promise<string> {
  const said = await askVersion(path, signal);
  if (said.ok) return said.version;
  const hint = 'name another one with --envoy or SALLYPORT_ENVOY';
  throw new SallyportError('SP_ENVOY_UNUSABLE', `${path} cannot run sidecars: ${said.reason}`, { hint });
}

async function askVersion(path: string, signal?: AbortSignal): Promise<EnvoyInspection> {
  const said = await run(path, ['--version'], signal);
  if (!said.ok) return { ok: false, reason: said.reason };
  const version = /version: [0-9a-f]+\/(\d+\.\d+\.\d+[^/]*)\//.exec(said.output)?.[1];
  if (version === undefined) return { ok: false, reason: 'it is no Envoy: `--version` does not say one' };
  return { ok: true, version };
}

function run(path: string, args: readonly string[], signal?: AbortSignal): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    execFile(path, args, { timeout: patienceMs, ...(signal && { signal }) }, (error, stdout, stderr) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const output = `${stdout}${stderr}`;
      const lastLine = stderr.trim().split('\n').at(-1) ?? '';
      resolve({ ok: error === null, output, reason: (lastLine || messageOf(error)).slice(0, 400) });
    });
  });
}
