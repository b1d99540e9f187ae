// The files that a proxy's records stand in: `<file>`, and older ones as `<file>.1`, `<file>.2`, … They are renamed while
// they are read, so a file is what its inode says, and is held against it again once it is open.
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../../../platform/errors.ts';

export interface RecordFile {
  readonly path: string;
  /** Decimal. */
  readonly inode: string;
  readonly size: number;
  /** Nanoseconds since 1970. */
  readonly written: bigint;
}

/** Undefined if it is not there. */
export async function recordFileAt(path: string): Promise<RecordFile | undefined> {
  try {
    const stats = await lstat(path, { bigint: true });
    if (!stats.isFile()) return undefined;
    return { path, inode: String(stats.ino), size: Number(stats.size), written: stats.mtimeNs };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The oldest first. Undefined: they were being renamed, and one may have been missed. */
export async function listRecordFiles(path: string): Promise<readonly RecordFile[] | undefined> {
  const files = await lookAround(path);
  const again = await lookAround(path);
  const same = again.length === files.length && files.every(({ inode }, index) => again[index]?.inode === inode);
  return same ? files : undefined;
}

async function lookAround(path: string): Promise<readonly RecordFile[]> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  const numbered = (await namesIn(folder))
    .filter((name) => name.startsWith(prefix) && /^\d{1,6}$/.test(name.slice(prefix.length)))
    .sort((a, b) => Number(b.slice(prefix.length)) - Number(a.slice(prefix.length)))
    .map((name) => join(folder, name));
  const found: RecordFile[] = [];
  for (const candidate of [...numbered, path]) {
    const file = await recordFileAt(candidate);
    if (file !== undefined && !found.some(({ inode }) => inode === file.inode)) found.push(file);
  }
  return found;
}

/** Undefined if another file has this name by now. */
export async function openRecordFile({ path, inode }: RecordFile): Promise<FileHandle | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (String((await handle.stat({ bigint: true })).ino) === inode) return handle;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await handle?.close();
  return undefined;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
