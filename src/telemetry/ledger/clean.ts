// What comes in, made fit to be kept: texts of a sane length, counts and times that are whole. A batch that SQLite
// refuses would be tried again for ever, so nothing that a proxy can say may be refused.
import type { Destination, Outcome } from '../traffic.ts';

const longestText = 300;
/** Of one count in one reading. Sums stay far below what SQLite can add. */
const largestCount = 2 ** 44;

/** Well-formed, since SQLite gives half a surrogate back as another character. */
export function cleanText(text: string): string {
  return (text.length > longestText ? text.slice(0, longestText) : text).toWellFormed();
}

export function isCleanText(text: string): boolean {
  return text.length <= longestText && text.isWellFormed();
}

export function cleanCount(count: number): number {
  return Math.trunc(cleanSum(count));
}

export function isCleanCount(count: number): boolean {
  return Number.isInteger(count) && isCleanSum(count);
}

/** Of durations, which need not be whole. */
export function cleanSum(sum: number): number {
  return sum > 0 ? Math.min(sum, largestCount) : 0;
}

export function isCleanSum(sum: number): boolean {
  return sum >= 0 && sum <= largestCount;
}

export function cleanDestination(destination: Destination): Destination {
  return { ...destination, host: cleanText(destination.host), port: cleanCount(destination.port) };
}

export function isCleanDestination({ host, port }: Destination): boolean {
  return isCleanText(host) && isCleanCount(port);
}

export function cleanOutcome({ code, flags, grpcStatus }: Outcome): Outcome {
  return { code: cleanCount(code), flags: cleanText(flags), grpcStatus: cleanText(grpcStatus) };
}

export function isCleanOutcome({ code, flags, grpcStatus }: Outcome): boolean {
  return isCleanCount(code) && isCleanText(flags) && isCleanText(grpcStatus);
}
