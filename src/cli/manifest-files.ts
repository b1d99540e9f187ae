// The files that `-f` names: files, folders (their YAML and JSON files in order of name), `-` for standard input.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { SallyportError, systemCode } from '../platform/errors.ts';
import { usageError } from './usage.ts';

export interface ManifestFile {
  /** As the user named it; `<stdin>` for `-`. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Throws SallyportError `SP_FILE` where one cannot be read, wrong usage where none is named. */
export async function readManifestFiles(
  paths: readonly string[],
  recursive: boolean,
  signal: AbortSignal,
): Promise<readonly ManifestFile[]> {
  if (paths.length === 0) throw usageError('-f is missing', 'name a file, a folder, or - for standard input');
  const files: ManifestFile[] = [];
  for (const path of paths) {
    if (path === '-') files.push({ name: '<stdin>', bytes: await readStandardInput(signal) });
    else for (const name of await expand(path, recursive)) files.push({ name, bytes: await readOne(name, signal) });
  }
  return files;
}

function readStandardInput(signal: AbortSignal): Promise<Buffer> {
  return buffer(addAbortSignal(signal, process.stdin));
}

async function expand(path: string, recursive: boolean): Promise<readonly string[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw fileError(path, error);
  });
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { recursive });
  const names = entries.filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
  if (names.length === 0) throw new SallyportError('SP_FILE', `${path} has no .yaml, .yml or .json file`);
  return names.map((name) => join(path, name));
}

function readOne(path: string, signal: AbortSignal): Promise<Buffer> {
  return readFile(path, { signal }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw fileError(path, error);
  });
}

const reasons = new Map([
  ['ENOENT', 'does not exist'],
  ['EACCES', 'may not be read by this user'],
  ['EISDIR', 'is a folder'],
]);

function fileError(path: string, cause: unknown): SallyportError {
  const code = systemCode(cause) ?? '';
  return new SallyportError('SP_FILE', `${path} ${reasons.get(code) ?? `cannot be read (${code})`}`, { cause });
}
