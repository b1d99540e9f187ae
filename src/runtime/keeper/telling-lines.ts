// Which lines at the end of a log tell why a program ended. Runtimes print an error and then more: frames of the stack,
// fields, their version. Pure.

const mostLines = 5;
const longestLine = 300;
/** `Error: …`, `java.lang.IllegalStateException: …`, `panic: …`, `error: …` at the beginning of a line. */
const errorLine = /^(\S*(error|exception)|panic|fatal)\b.*:/i;
const noise = /^\s+at |^Node\.js v\d/;

/** At most 5, each cut to 300 characters: those from the last error on if one is named, else the last ones. */
export function tellingLines(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !noise.test(line));
  const error = lines.findLastIndex((line) => errorLine.test(line));
  const end = Math.max(0, lines.length - mostLines);
  const from = error < 0 ? end : Math.min(error, end);
  return lines.slice(from, from + mostLines).map((line) => line.trimEnd().slice(0, longestLine));
}

/** The one line that tells most of them: the error, else the last one. */
export function mostTelling(lines: readonly string[]): string | undefined {
  return (lines.findLast((line) => errorLine.test(line)) ?? lines.at(-1))?.trim();
}
