// Durations as Istio's API writes them, which is Go's form: `3s`, `1.5s`, `100ms`, `1h2m`. A bare number other than
// 0 is none, and neither is a negative one: nothing here lasts less than no time.

const milliseconds: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const form = /^((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/;
const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

// Go counts nanoseconds in 63 bits; texts that overflow there are refused there.
const longest = 2 ** 63 / 1e6;

/** Undefined for a text that is no duration; fractions of a millisecond are kept. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  if (text.length > 64 || !form.test(text)) return undefined;
  let total = 0;
  for (const [, digits, unit] of text.matchAll(part)) {
    total += Number(digits) * (milliseconds[unit ?? ''] ?? Number.NaN);
  }
  return total < longest ? total : undefined;
}
