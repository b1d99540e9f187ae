// The whole lines of one file from an offset on, chunk by chunk.
import type { FileHandle } from 'node:fs/promises';
import { type RecordPosition, tailLength, tailOf } from './record-position.ts';

export interface LinesRead {
  readonly position: RecordPosition;
  /** Lines that were too long, or whose end was never written. */
  readonly unreadable: number;
  readonly bytes: number;
  /** All that is in the file has been read, but for a line that is still being written. */
  readonly atEnd: boolean;
}

export interface ReadLinesOptions {
  readonly from: RecordPosition;
  /** The newest file: more may come. */
  readonly last: boolean;
  /** Bytes. */
  readonly limit: number;
  readonly take: (line: string) => void;
  /** What is read into; larger than the longest line. */
  readonly chunk: Buffer;
}

const longestLine = 16 * 1024;
const newline = 10;

export async function readLines(handle: FileHandle, options: ReadLinesOptions): Promise<LinesRead> {
  const { from, last, limit, take, chunk } = options;
  let { offset, tail, inLongLine } = from;
  let unreadable = 0;

  /** Gives the lines that end in these bytes; returns how many bytes are done with. */
  function takeLines(bytes: Buffer): number {
    let start = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      if (inLongLine) inLongLine = false;
      else if (end - start > longestLine) unreadable += 1;
      else if (end > start) take(bytes.toString('utf8', start, end));
      start = end + 1;
    }
    const rest = bytes.length - start;
    if (inLongLine) return bytes.length;
    if (rest <= longestLine) return start;
    inLongLine = true;
    unreadable += 1;
    return bytes.length;
  }

  const read = (atEnd: boolean): LinesRead => ({
    position: { ...from, offset, tail, inLongLine },
    unreadable,
    bytes: offset - from.offset,
    atEnd,
  });

  while (offset - from.offset < limit) {
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, offset);
    const bytes = chunk.subarray(0, bytesRead);
    const ended = bytesRead < chunk.length;
    let done = takeLines(bytes);
    if (ended && !last && done < bytesRead) {
      // Nobody writes the rest of a line in a file that has been renamed and followed by another.
      done = bytesRead;
      unreadable += 1;
    }
    if (done > 0) {
      offset += done;
      tail = await tailBefore(handle, offset, bytes.subarray(0, done));
    }
    if (ended) return read(true);
  }
  return read(false);
}

async function tailBefore(handle: FileHandle, offset: number, done: Buffer): Promise<number> {
  const length = Math.min(offset, tailLength);
  if (done.length >= length) return tailOf(done.subarray(done.length - length));
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset - length);
  return tailOf(buffer.subarray(0, bytesRead));
}
