// One reading of a watched file or folder: every manifest in it with the hash of its bytes, what could not be
// read, and the folders to watch for changes. Names that begin with a dot are passed over: editors' swap files
// and the `..data` folders behind a mounted ConfigMap, whose files are reached through their links.
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, extname, join, sep } from 'node:path';
import { messageOf, systemCode } from '../../platform/errors.ts';

export interface ManifestFile {
  readonly bytes: Uint8Array;
  readonly hash: string;
}

export interface FolderTree {
  /** By path as found, symbolic links not resolved. */
  readonly files: ReadonlyMap<string, ManifestFile>;
  /** Files and folders that are there but could not be read, with the reason; the root too when it is missing. */
  readonly failures: ReadonlyMap<string, string>;
  /** Every folder that was read or holds what was read, with what tells it from another one of the same path. */
  readonly folders: ReadonlyMap<string, string>;
}

const extensions = new Set(['.yaml', '.yml', '.json']);

/** Reads the file, or the folder with all that is below it. Never throws for what it finds there. */
export async function readFolderTree(root: string): Promise<FolderTree> {
  const files = new Map<string, ManifestFile>();
  const failures = new Map<string, string>();
  const folders = new Map<string, string>();
  /** Links may lead back to a folder on the way. */
  const entered = new Set<string>();

  async function visit(path: string): Promise<void> {
    try {
      const found = await stat(path);
      if (found.isDirectory()) await visitFolder(path, found);
      // A pipe or device would never end.
      else if (found.isFile() && (path === root || extensions.has(extname(path)))) await visitFile(path);
    } catch (error) {
      // Gone between listing and reading: as if it had not been listed. A link to nothing is still there.
      if (path === root || systemCode(error) !== 'ENOENT' || (await isListed(path))) failures.set(path, reason(error));
    }
  }

  async function visitFolder(path: string, found: Stats): Promise<void> {
    const identity = identityOf(found);
    if (entered.has(identity)) return;
    entered.add(identity);
    folders.set(path, identity);
    const names = await readdir(path);
    for (const name of names.sort()) if (!name.startsWith('.')) await visit(join(path, name));
  }

  async function visitFile(path: string): Promise<void> {
    const bytes = await readFile(path);
    files.set(path, { bytes, hash: createHash('sha256').update(bytes).digest('hex') });
    const holder = dirname(await realpath(path));
    folders.set(holder, identityOf(await stat(holder)));
  }

  await visit(root);
  for (const [path, found] of await foldersAround(root)) folders.set(path, identityOf(found));
  return { files, failures, folders };
}

/**
 * Where a change of the way to the path would show: in the closest folder above it that is there, and beside every
 * link on the way.
 */
async function foldersAround(path: string): Promise<ReadonlyMap<string, Stats>> {
  const around = new Map<string, Stats>();
  for (let [at, above] = [path, dirname(path)]; at !== above; [at, above] = [above, dirname(above)]) {
    const folder = await stat(above).catch(() => undefined);
    const isLink = (await lstat(at).catch(() => undefined))?.isSymbolicLink();
    if (folder?.isDirectory() && (isLink || around.size === 0)) around.set(above, folder);
  }
  return around;
}

/** Whether the file is the path itself or below it. */
export function isWithin(path: string, file: string): boolean {
  return file === path || file.startsWith(path.endsWith(sep) ? path : path + sep);
}

async function isListed(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** With the time of birth, since a new folder may get the inode of the one just deleted. */
function identityOf({ dev, ino, birthtimeMs }: Stats): string {
  return `${dev}:${ino}:${birthtimeMs}`;
}

function reason(error: unknown): string {
  if (systemCode(error) === 'ENOENT') return 'it is not there';
  if (systemCode(error) === 'EACCES' || systemCode(error) === 'EPERM') return 'no right to read it';
  return messageOf(error);
}
