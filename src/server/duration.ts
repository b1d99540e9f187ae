// Stretches of time as people type them, in Go's form with days: `90s`, `5m`, `1h30m`, `7d`. Used by the server and by
// its clients.

const unitMs = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** What a whole duration matches; for schemas and for `parseDuration`. */
export const durationPattern = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/;

/** Milliseconds; undefined where the text is no duration, is nothing, or is longer than a hundred years. */
export function parseDuration(text: string): number | undefined {
  if (text.length > 40 || !durationPattern.test(text)) return undefined;
  let total = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (unitMs.get(unit) ?? 0);
  }
  return total > 0 && total <= longestMs ? total : undefined;
}

/** So that a time before now stays a date. */
const longestMs = 36_525 * 86_400_000;
