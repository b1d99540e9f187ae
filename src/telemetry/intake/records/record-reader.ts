// Reads on in a proxy's records, whole lines only, at most so many bytes at a time, the older files before the newer.
// Invariants: each line is given once for one position; a line that is still being written waits; a file is left behind
// only when a newer one is there, since then Envoy writes to it no more.
import { listRecordFiles, openRecordFile, type RecordFile, recordFileAt } from './record-files.ts';
import { type LinesRead, readLines } from './record-lines.ts';
import { type RecordPosition, tailLength, tailOf } from './record-position.ts';

export interface Reading {
  /** Where to read on; undefined: nothing was there yet. */
  readonly position: RecordPosition | undefined;
  /** Lines that were too long, or whose end was never written. */
  readonly unreadable: number;
  readonly bytes: number;
  /** All that was written has been read. */
  readonly atEnd: boolean;
  /** The file of the position is gone, or another one by now; what was not read of it is lost. */
  readonly lost: boolean;
}

export interface RecordReader {
  /** Reads at most `limit` bytes and calls `take` with each line. Throws Node's system errors. */
  read(from: RecordPosition | undefined, limit: number, take: (line: string) => void): Promise<Reading>;
}

/** Of one proxy. `chunk` is what is read into; proxies that are read one after the other may share it. */
export function createRecordReader(path: string, chunk: Buffer): RecordReader {
  /** The file was not where it was before: it may be under way to another name. */
  let missed = false;

  /** What there is to read, the oldest first; undefined: not now. */
  async function locate(from: RecordPosition | undefined) {
    const newest = await recordFileAt(path);
    if (from !== undefined && newest?.inode === from.inode && (await isContinued(newest, from))) return found([newest]);
    const files = await listRecordFiles(path);
    if (files === undefined) return undefined;
    if (from === undefined) return found(files);
    const at = files.findIndex(({ inode }) => inode === from.inode);
    const file = files[at];
    if (file !== undefined && (await isContinued(file, from))) return found(files.slice(at));
    if (!missed) {
      missed = true;
      return undefined;
    }
    // What was not written since was read before; what was may be newer only.
    return { ...found(files.filter(({ written }) => written > from.written)), lost: true };
  }

  function found(files: readonly RecordFile[]) {
    missed = false;
    return { files, lost: false };
  }

  return {
    async read(from, limit, take) {
      const located = await locate(from);
      let position = located?.lost === true ? undefined : from;
      const sum = { unreadable: 0, bytes: 0, lost: located?.lost ?? false };
      if (located === undefined) return { ...sum, position, atEnd: false };
      const { files } = located;
      for (const [index, file] of files.entries()) {
        const last = index === files.length - 1;
        const part = await readFile(file, { from: positionIn(file, position), last, limit: limit - sum.bytes, take });
        if (part === undefined) return { ...sum, position, atEnd: false };
        position = part.position;
        sum.unreadable += part.unreadable;
        sum.bytes += part.bytes;
        if (!part.atEnd) return { ...sum, position, atEnd: false };
      }
      return { ...sum, position, atEnd: true };
    },
  };

  /** Undefined: the file was renamed just now. */
  async function readFile(
    file: RecordFile,
    options: Omit<Parameters<typeof readLines>[1], 'chunk'>,
  ): Promise<LinesRead | undefined> {
    const { from, last } = options;
    if (last && file.size === from.offset) return { position: from, unreadable: 0, bytes: 0, atEnd: true };
    const handle = await openRecordFile(file);
    if (handle === undefined) return undefined;
    try {
      return await readLines(handle, { ...options, chunk });
    } finally {
      await handle.close();
    }
  }
}

function positionIn({ inode, written }: RecordFile, before: RecordPosition | undefined): RecordPosition {
  if (before?.inode === inode) return { ...before, written };
  return { inode, offset: 0, tail: tailOf(Buffer.alloc(0)), written, inLongLine: false };
}

/** Whether the file has what the position stands behind. */
async function isContinued(file: RecordFile, { offset, tail, written }: RecordPosition): Promise<boolean> {
  if (file.size < offset) return false;
  if (file.size === offset && file.written === written) return true;
  const handle = await openRecordFile(file);
  if (handle === undefined) return false;
  try {
    const length = Math.min(offset, tailLength);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset - length);
    return bytesRead === length && tailOf(buffer) === tail;
  } finally {
    await handle.close();
  }
}
