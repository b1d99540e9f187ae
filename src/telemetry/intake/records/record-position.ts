// How far a proxy's records were read: in which file, known by its inode, since files are renamed, and to which offset.
// An inode is given anew when its file is gone: what stood before the offset must be there still.
import { crc32 } from 'node:zlib';

export interface RecordPosition {
  /** Decimal. */
  readonly inode: string;
  readonly offset: number;
  /** Of the last bytes before the offset, at most `tailLength`. */
  readonly tail: number;
  /** When the file was last written to, as it was then, nanoseconds: files that were not written since are older. */
  readonly written: bigint;
  /** The offset lies in a line that is too long; it is left out to its end. */
  readonly inLongLine: boolean;
}

export const tailLength = 64;

export function tailOf(bytes: Uint8Array): number {
  return crc32(bytes);
}

export function positionText({ inode, offset, tail, written, inLongLine }: RecordPosition): string {
  return [inode, offset, tail, written, inLongLine ? 1 : 0].join(' ');
}

/** Undefined if the text is damaged. */
export function parsePosition(text: string): RecordPosition | undefined {
  const [, inode = '', offset, tail, written = '', long] = /^(\d+) (\d+) (\d+) (\d+) ([01])$/.exec(text) ?? [];
  if (inode === '') return undefined;
  const position = { inode, offset: Number(offset), tail: Number(tail), written: BigInt(written) };
  return { ...position, inLongLine: long === '1' };
}
