// Which destinations a program reaches around its Envoy: those that the Istio object excludes, and those that it does not
// include. Never this host and its like, nor addresses of the mesh. IPv4 only: there is no road for anything else.
import { parseIpRange } from '../../api/ip-range.ts';
import { clusterIpRange } from '../../api/kinds/service.ts';
import { SallyportError } from '../../platform/errors.ts';
import type { CapturedRanges } from '../protocol.ts';
import { refusedRanges } from './proxy-rules.ts';

/** First and last address. */
type Span = readonly [first: number, last: number];

const everything: Span = [0, 2 ** 32 - 1];

/** Disjoint CIDRs, in order. `cidr` is the mesh's /16. Throws for what is no range. */
export function bypassedRanges(cidr: string, { include, exclude }: CapturedRanges): readonly string[] {
  const included = include === undefined ? [] : spansOf(include);
  // Without a range that could hold here, everything is captured: never the other way.
  const leftOut = included.length === 0 ? [] : without([everything], included);
  const never = spansOf([cidr, clusterIpRange, ...refusedRanges]);
  return merged(without([...leftOut, ...spansOf(exclude)], never)).flatMap(rangesOf);
}

function spansOf(ranges: readonly string[]): readonly Span[] {
  return ranges.flatMap((text) => {
    const range = parseIpRange(text);
    if (range === undefined) throw new SallyportError('SP_BAD_RANGE', `'${text}' is not an address range`);
    if (range.family === 6) return [];
    const size = 2 ** (32 - range.prefix);
    const address = range.address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
    const first = address - (address % size);
    return [[first, first + size - 1] as const];
  });
}

function without(spans: readonly Span[], taken: readonly Span[]): readonly Span[] {
  return taken.reduce(
    (rest, [first, last]) =>
      rest.flatMap(([from, to]): readonly Span[] => {
        if (last < from || first > to) return [[from, to]];
        return [...(from < first ? [[from, first - 1] as const] : []), ...(last < to ? [[last + 1, to] as const] : [])];
      }),
    spans,
  );
}

function merged(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = [];
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    const before = result.at(-1);
    if (before === undefined || from > before[1] + 1) result.push([from, to]);
    else result[result.length - 1] = [before[0], Math.max(before[1], to)];
  }
  return result;
}

/** The largest ranges that begin where the one before ends. */
function rangesOf([first, last]: Span): readonly string[] {
  const ranges: string[] = [];
  for (let from = first; from <= last; ) {
    let prefix = 32;
    while (prefix > 0) {
      const size = 2 ** (33 - prefix);
      if (from % size !== 0 || from + size - 1 > last) break;
      prefix -= 1;
    }
    ranges.push(`${[24, 16, 8, 0].map((shift) => Math.floor(from / 2 ** shift) % 256).join('.')}/${prefix}`);
    from += 2 ** (32 - prefix);
  }
  return ranges;
}
