// Text of an exposition as bytes, a page at a time. A line of a histogram is mostly the labels of its series, twenty-two
// times over: copying bytes is several times as fast as building that text, and a page can go out while the next is made.
const pageBytes = 256 * 1024;

export interface TextPage {
  write(text: string): void;
  /** Each line is the start, a middle in ASCII and a count; the start is encoded once. */
  writeLines(start: string, middles: readonly Uint8Array[], counts: readonly number[]): void;
  isFull(): boolean;
  /** What was written since the last time; the caller's own. */
  take(): Uint8Array<ArrayBuffer>;
}

export function createTextPage(): TextPage {
  let bytes = Buffer.allocUnsafeSlow(pageBytes);
  let length = 0;

  function makeRoom(more: number): void {
    if (length + more <= bytes.length) return;
    const longer = Buffer.allocUnsafeSlow(Math.max(length + more, 2 * bytes.length));
    bytes.copy(longer, 0, 0, length);
    bytes = longer;
  }

  /** Byte by byte: for so few a call out of JavaScript costs more than the copy. There is room. */
  function writeShort(short: Uint8Array): void {
    for (let index = 0; index < short.length; index++) bytes[length++] = short[index] ?? 0;
  }

  /** There is room. */
  function writeCount(count: number): void {
    if (!Number.isInteger(count) || count < 0 || count > 999_999_999) {
      length += bytes.write(String(count), length, 'latin1');
      return;
    }
    const end = length + digitsOf(count);
    let rest = count;
    for (let at = end - 1; at >= length; at--) {
      bytes[at] = zero + (rest % 10);
      rest = Math.trunc(rest / 10);
    }
    length = end;
  }

  return {
    write(text) {
      makeRoom(text.length * longestCharacter);
      length += bytes.write(text, length, 'utf8');
    },
    writeLines(start, middles, counts) {
      const longestLine = start.length * longestCharacter + longestMiddle + longestNumber + 1;
      makeRoom(middles.length * longestLine);
      const first = length;
      const startBytes = bytes.write(start, first, 'utf8');
      for (const [index, middle] of middles.entries()) {
        if (index > 0) bytes.copyWithin(length, first, first + startBytes);
        length += startBytes;
        writeShort(middle);
        writeCount(counts[index] ?? 0);
        bytes[length++] = newLine;
      }
    },
    isFull: () => length >= 0.75 * pageBytes,
    take() {
      const taken = bytes.subarray(0, length);
      bytes = Buffer.allocUnsafeSlow(pageBytes);
      length = 0;
      return taken;
    },
  };
}

function digitsOf(count: number): number {
  let digits = 1;
  for (let bound = 10; count >= bound; bound *= 10) digits++;
  return digits;
}

const zero = 48;
const newLine = 10;
/** Bytes in UTF-8 of one UTF-16 unit. */
const longestCharacter = 3;
const longestMiddle = 32;
const longestNumber = 32;
