// Bytes -> text, or the place of the first byte that is no UTF-8.
import { isUtf8 } from 'node:buffer';

/** Line and column count from 1. A byte order mark is dropped. */
export function decodeUtf8(bytes: Uint8Array): string | { readonly line: number; readonly column: number } {
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes);
  let line = 1;
  let start = 0;
  // No character but a line feed has its byte, so lines can be looked at one by one.
  for (let end = bytes.indexOf(10); end >= 0 && isUtf8(bytes.subarray(start, end)); end = bytes.indexOf(10, start)) {
    line += 1;
    start = end + 1;
  }
  const end = bytes.indexOf(10, start);
  const bad = new TextDecoder().decode(bytes.subarray(start, end < 0 ? bytes.length : end));
  return { line, column: Math.max(bad.indexOf('\uFFFD'), 0) + 1 };
}
