// Istio's patterns: `a*` is a beginning, `*a` an end, `*` anything that is there, all else a whole text.
import type { TextMatch } from '../../envoy/rbac-rules.ts';

/** `present` for `*`. */
export function patternOf(value: string): TextMatch | 'present' {
  if (value === '*') return 'present';
  if (value.startsWith('*')) return { kind: 'suffix', value: value.slice(1) };
  return value.endsWith('*') ? { kind: 'prefix', value: value.slice(0, -1) } : { kind: 'exact', value };
}

/** For what is known without asking Envoy. */
export function isMatch(text: string, pattern: string): boolean {
  const match = patternOf(pattern);
  return match === 'present' ? text !== '' : isText(text, match);
}

/** As Envoy compares. */
export function isText(text: string, { kind, value }: TextMatch): boolean {
  switch (kind) {
    case 'exact':
      return text === value;
    case 'prefix':
      return text.startsWith(value);
    case 'suffix':
      return text.endsWith(value);
    case 'contains':
      return text.includes(value);
  }
}
