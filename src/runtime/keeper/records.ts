// A proxy's records: what its Envoy appends of stopped and unregistered traffic, and the control plane reads on in. Each
// Envoy runs in a folder of its own that holds `records.log`, since the configuration that names the file is shared;
// the folder is that of one pod's uid, so that a later pod of the same name leaves unread records alone.
// Invariant: a line is in one file, and no file changes but by appending: readers know files by their inodes.
// The folder belongs to the Envoy's user: what we do there goes by names, never through a link.
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, renameSync, rmSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemCode } from '../../platform/errors.ts';
import { logFolder } from './log-files.ts';
import type { PodKey } from './requests.ts';

export interface RecordsBounds {
  /** Bytes after which the file is rotated. */
  readonly largest: number;
  /** Rotated files; those beyond are removed, the oldest first. */
  readonly most: number;
  /** Milliseconds after which a rotated file is removed. */
  readonly keepMs: number;
}

const defaultBounds: RecordsBounds = { largest: 8 * 1024 * 1024, most: 8, keepMs: 3_600_000 };

const folderPrefix = 'records-';

/** `<logs>/<namespace>/<pod>/records-<hash of uid>/records.log`; the name is that of xds/record-line.ts. */
export function recordsFile(logsPath: string, pod: PodKey, uid: string): string {
  const hash = createHash('sha256').update(uid).digest('hex').slice(0, 8);
  return join(logFolder(logsPath, pod), `${folderPrefix}${hash}`, 'records.log');
}

/** Whether an entry of a pod's log folder holds records. */
export function isRecordsFolder(name: string): boolean {
  return name.startsWith(folderPrefix);
}

/** Makes the folder of the file, for an Envoy of this user and nobody else. */
export function makeRecordsFolder(file: string, owner: number): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  if (owner !== lstatSync(folder).uid) chownSync(folder, owner, owner);
  // The pod was here before under another index: to this Envoy the file is another user's, and it would not start.
  const before = statOf(file);
  if (before !== undefined && before.uid !== owner) rotate(file, defaultBounds.most);
}

/** True: the Envoy is to open its file anew, since what it has open was renamed. */
export function rotateRecords(file: string, bounds: RecordsBounds = defaultBounds): boolean {
  const { largest, most, keepMs } = bounds;
  const size = statOf(file)?.size;
  if (size !== undefined && size > largest) rotate(file, most);
  // Renamed a moment ago, or earlier by one who could not tell the Envoy.
  if (statOf(file) === undefined) return statOf(`${file}.1`) !== undefined;
  for (const old of rotated(file, most)) {
    const stats = statOf(old);
    if (stats !== undefined && Date.now() - stats.mtimeMs > keepMs) rmSync(old, { force: true });
  }
  return false;
}

/** Shifts up to the first number that is free. */
function rotate(file: string, most: number): void {
  const names = rotated(file, most);
  const free = names.findIndex((name) => statOf(name) === undefined);
  const last = free === -1 ? names.length - 1 : free;
  for (let index = last; index >= 0; index--) renameSync(names[index - 1] ?? file, names[index] ?? file);
}

/** `<file>.1`, the newest, to `<file>.<most>`. */
function rotated(file: string, most: number): readonly string[] {
  return Array.from({ length: most }, (_, index) => `${file}.${index + 1}`);
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
