// Rules and matches of a VirtualService that never get anything, since one before them gets it all. Follows
// analyzeUnreachableRoutes of Istio's pkg/config/validation (its analyzers' IST0130 and IST0131).
import { type FieldPath, warning } from '../finding.ts';
import type { Finding } from '../kind.ts';
import type { HttpMatchRequest } from './virtual-service-match.ts';

/** Each match is compared with all of them. */
const mostPrefixes = 1000;

interface Rule {
  readonly name?: string;
  readonly match?: readonly object[];
  /** Takes what the delegate's rules take, perhaps not all that it matches. */
  readonly delegate?: unknown;
}

export function* checkReached(rules: readonly Rule[], path: FieldPath): Iterable<Finding> {
  const seen = new Map<string, number>();
  const prefixes = new Map<string, Map<string, number>>();
  let all: number | undefined;
  for (const [index, rule] of rules.entries()) {
    const matches = rule.match ?? [];
    const unused = (reason: string) => {
      const message = `virtualService rule ${ruleName(rules, index)} not used (${reason})`;
      return warning('SP0723', [...path, index], message, 'remove it, or move it up');
    };
    if (all !== undefined) {
      yield unused(`rule ${ruleName(rules, all)} before it has no matches and takes everything`);
      continue;
    }
    const keeps = rule.delegate === undefined;
    if (matches.length === 0 && keeps) all = index;
    let duplicates = 0;
    for (const [nth, match] of matches.entries()) {
      const key = canonical(match);
      const before = seen.get(key) ?? coveringRule(match, prefixes);
      if (before === undefined) {
        if (!keeps) continue;
        seen.set(key, index);
        rememberPrefix(match, index, prefixes);
        continue;
      }
      duplicates += 1;
      const which = `match ${nth} is not used (duplicate/overlapping match in rule ${ruleName(rules, before)})`;
      const message = `virtualService rule ${ruleName(rules, index)} ${which}`;
      yield warning('SP0724', [...path, index, 'match', nth], message, 'remove it, or move the rule up');
    }
    if (matches.length > 0 && duplicates === matches.length) yield unused('all matches used by prior rules');
  }
}

function ruleName(rules: readonly Rule[], index: number): string {
  return rules[index]?.name ?? `#${index}`;
}

/** The same conditions are the same text, in whatever order they stand; names are no conditions. */
function canonical(match: object): string {
  const { name: _, ...conditions }: { readonly name?: unknown } = match;
  return JSON.stringify(sorted(conditions));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, sorted(item)] as const);
  return entries.sort(([left], [right]) => (left < right ? -1 : 1));
}

// Prefixes of the path by all other conditions: `/api` before `/api/v1`, with the same others, leaves it nothing.
function coveringRule(match: HttpMatchRequest, prefixes: ReadonlyMap<string, ReadonlyMap<string, number>>) {
  const { uri, ...others } = match;
  const text = uri?.prefix ?? uri?.exact;
  const known = prefixes.get(canonical(others));
  if (text === undefined || known === undefined) return undefined;
  for (const [prefix, index] of known) if (text.startsWith(prefix)) return index;
  return undefined;
}

function rememberPrefix(match: HttpMatchRequest, index: number, prefixes: Map<string, Map<string, number>>): void {
  const { uri, ...others } = match;
  if (uri?.prefix === undefined) return;
  const key = canonical(others);
  const known = prefixes.get(key) ?? new Map<string, number>();
  if (known.size < mostPrefixes) known.set(uri.prefix, index);
  prefixes.set(key, known);
}
