// includeIPRanges and excludeIPRanges of the Istio object: destinations that are redirected to the proxies or not. A hole by
// intent, the operator's word: said whenever it is there. Invariant: what cannot be read never opens anything.
import { problem, warning } from '../finding.ts';
import { parseIpRange } from '../ip-range.ts';
import type { Finding } from '../kind.ts';
import { shorten } from '../schema-messages.ts';
import type { IstioSpec } from './istio-schema.ts';

export type RangeFields = Pick<IstioSpec, 'includeIPRanges' | 'excludeIPRanges'>;

export interface IstioRanges {
  /** Undefined: all. */
  readonly include?: readonly string[];
  readonly exclude: readonly string[];
}

/** Istio: an empty `includeIPRanges` of its own redirects nothing; here, as istio-operator has it, that is `*`. */
export function istioRanges({ includeIPRanges = '*', excludeIPRanges = '' }: RangeFields): IstioRanges {
  const include = listOf(includeIPRanges);
  const isAll = include.length === 0 || include.some((range) => parseIpRange(range) === undefined);
  return {
    ...(isAll ? {} : { include }),
    exclude: listOf(excludeIPRanges).filter((range) => parseIpRange(range) !== undefined),
  };
}

export function* checkRanges(spec: RangeFields): Iterable<Finding> {
  for (const field of ['includeIPRanges', 'excludeIPRanges'] as const) {
    const path = ['spec', field];
    const ranges = listOf(spec[field] ?? '');
    for (const range of ranges) {
      if (parseIpRange(range) !== undefined || (range === '*' && field === 'includeIPRanges' && ranges.length === 1)) {
        continue;
      }
      const hint = 'write 10.0.0.0/8, separated by commas';
      yield problem('SP0404', path, `'${shorten(range)}' is not a range of addresses`, hint);
    }
  }
  const { include, exclude } = istioRanges(spec);
  const hint = 'register hosts in place of leaving addresses out; loopback, link-local and the mesh itself never are';
  if (include !== undefined) {
    const message = `TCP to all but ${shorten(include.join(', '))} goes around the proxies: not governed, not counted`;
    yield warning('SP0403', ['spec', 'includeIPRanges'], message, hint);
  }
  if (exclude.length > 0) {
    const message = `TCP to ${shorten(exclude.join(', '))} goes around the proxies: not governed, not counted`;
    yield warning('SP0403', ['spec', 'excludeIPRanges'], message, hint);
  }
}

function listOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((range) => range.trim())
    .filter((range) => range !== '');
}
