// Reading a log file that another process appends to: its last lines, then what comes. The file may be made later,
// be truncated, or be replaced by a new one.
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { SallyportError, systemCode } from '../platform/errors.ts';

const chunkBytes = 64 * 1024;
/** Polling: no event tells of an append on every file system, and readers wait at most this long. */
const pollMs = 200;

export interface LogReading {
  /** Last lines to begin with; all if absent. */
  readonly tail?: number;
  /** Goes on until the signal aborts. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** Bytes of the file as they are. A file that is not there is empty. Throws SallyportError `SP_LOG_DENIED`. */
export async function* readLogFile(path: string, { tail, follow, signal }: LogReading): AsyncGenerator<Buffer> {
  let file = await openLog(path);
  try {
    let offset = file === undefined || tail === undefined ? 0 : await tailOffset(file, tail);
    for (;;) {
      for (;;) {
        const bytes = file === undefined ? Buffer.alloc(0) : await readAt(file, offset);
        if (bytes.length === 0 || signal.aborted) break;
        offset += bytes.length;
        yield bytes;
      }
      if (!follow || signal.aborted) return;
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
      const renewed: FileHandle | undefined = await reopened(path, file, offset);
      if (renewed === file) continue;
      await file?.close();
      file = renewed;
      offset = 0;
    }
  } finally {
    await file?.close();
  }
}

async function openLog(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return undefined;
    const hint = 'run this as the user who started the mesh';
    throw new SallyportError('SP_LOG_DENIED', `cannot read ${path}: ${systemCode(cause)}`, { hint, cause });
  }
}

/** The file to read on from: the same handle, or a new one where the old file was replaced or truncated. */
async function reopened(path: string, file: FileHandle | undefined, offset: number): Promise<FileHandle | undefined> {
  const now = await openLog(path);
  if (now === undefined || file === undefined) return now ?? file;
  const [before, after] = await Promise.all([file.stat(), now.stat()]);
  if (before.ino !== after.ino || after.size < offset) return now;
  await now.close();
  return file;
}

async function readAt(file: FileHandle, offset: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, offset);
  return buffer.subarray(0, bytesRead);
}

const newline = 0x0a;

/** Where the last `lines` lines begin; a last line without its newline counts. */
async function tailOffset(file: FileHandle, lines: number): Promise<number> {
  const { size } = await file.stat();
  if (lines <= 0) return size;
  let found = 0;
  for (let end = size; end > 0; end -= Math.min(chunkBytes, end)) {
    const start = Math.max(0, end - chunkBytes);
    const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    for (let at = buffer.length - 1; at >= 0; at -= 1) {
      if (buffer[at] !== newline || start + at === size - 1) continue;
      found += 1;
      if (found === lines) return start + at + 1;
    }
  }
  return 0;
}
