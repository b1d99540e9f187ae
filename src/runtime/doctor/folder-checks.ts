// The folders that a mesh writes to. Asked without making anything: the nearest folder that exists stands for it.
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DataFolder } from '../../platform/data-folder.ts';
import type { Check } from './check.ts';

/** statfs(2) types on which SQLite's locks or Unix sockets do not work reliably. */
const poorFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9p'],
]);
const leastFreeBytes = 500 * 1024 * 1024;

export function checkWritable({ path, runPath }: DataFolder): Check {
  const common = { name: 'data folder', meaning: "the mesh's objects, logs and sockets lie there" };
  const closed = [path, runPath].filter((folder) => !isWritable(nearest(folder)));
  if (closed.length === 0) return { ...common, ok: true, found: path };
  const mend = 'choose another one with --data or SALLYPORT_DATA';
  return { ...common, ok: false, found: `${closed.join(' and ')} cannot be written`, mend };
}

export function checkFileSystem({ path }: DataFolder): Check {
  const common = { name: 'file system', meaning: 'the object store locks its file there' };
  const { type, bavail, bsize } = statfsSync(nearest(path));
  const free = bavail * bsize;
  const found = `${Math.floor(free / 1024 / 1024)} MB free`;
  const poor = poorFileSystems.get(type);
  if (poor !== undefined) return { ...common, ok: false, found: poor, mend: 'put the data folder on a local disk' };
  if (free < leastFreeBytes) return { ...common, ok: false, found, mend: 'make room for logs: 500 MB' };
  return { ...common, ok: true, found };
}

function nearest(folder: string): string {
  return existsSync(folder) ? folder : nearest(dirname(folder));
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
