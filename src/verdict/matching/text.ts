// A text of an attempt, known or not, and what is asked of it. What is not known is asked for; an answer that says what it is
// makes it known for the rest of the way.
import type { Questions } from '../questions.ts';
import { Untellable } from '../untellable.ts';
import { matchesRegex } from './regex.ts';

export type TextTest = {
  readonly kind: 'exact' | 'prefix' | 'suffix' | 'contains' | 'regex';
  readonly value: string;
  readonly ignoreCase?: boolean;
};

/** Envoy's StringMatcher, of either package. */
export interface StringMatcher {
  readonly matchPattern: { readonly case: string | undefined; readonly value?: unknown };
  readonly ignoreCase: boolean;
}

export function testOf({ matchPattern, ignoreCase }: StringMatcher): TextTest {
  const { case: kind, value } = matchPattern;
  switch (kind) {
    case 'exact':
    case 'prefix':
    case 'suffix':
    case 'contains':
      if (typeof value === 'string') return { kind, value, ignoreCase };
      break;
    case 'safeRegex':
      if (typeof value === 'object' && value !== null && 'regex' in value && typeof value.regex === 'string') {
        return { kind: 'regex', value: value.regex };
      }
      break;
    default:
  }
  throw new Untellable(`a text that is matched by ${kind}`);
}

export interface Text {
  /** How people call it: `its path`. */
  readonly subject: string;
  /** Undefined: not known so far. */
  value(): string | undefined;
  matches(test: TextTest): boolean;
}

export function knownText(subject: string, value: string): Text {
  return {
    subject,
    value: () => value,
    matches(test) {
      const matched = matchesKnown(test, value);
      if (matched === undefined) throw new Untellable(`whether ${subject} matches ${test.value}`);
      return matched;
    },
  };
}

export function unknownText(subject: string, questions: Questions): Text {
  let known: string | undefined;
  const prefixes: string[] = [];
  return {
    subject,
    value: () => known,
    matches(test) {
      const { kind, value, ignoreCase = false } = test;
      if (known !== undefined) {
        const matched = matchesKnown(test, known);
        if (matched !== undefined) return matched;
      }
      if (!ignoreCase && kind === 'prefix') {
        if (prefixes.some((prefix) => prefix.startsWith(value))) return true;
        if (prefixes.some((prefix) => !value.startsWith(prefix))) return false;
      }
      if (kind === 'exact' && !ignoreCase && prefixes.some((prefix) => !value.startsWith(prefix))) return false;
      const matched = questions.holds(...told(subject, test));
      if (matched && kind === 'exact' && !ignoreCase) known = value;
      if (matched && kind === 'prefix' && !ignoreCase) prefixes.push(value);
      return matched;
    },
  };
}

function told(subject: string, { kind, value }: TextTest): readonly [string, string] {
  const words = {
    exact: ['is', 'is not'],
    prefix: ['begins with', 'does not begin with'],
    suffix: ['ends with', 'does not end with'],
    contains: ['contains', 'does not contain'],
    regex: ['matches', 'does not match'],
  } as const;
  const [yes, no] = words[kind];
  return [`${subject} ${yes} ${value}`, `${subject} ${no} ${value}`];
}

function matchesKnown({ kind, value, ignoreCase = false }: TextTest, text: string): boolean | undefined {
  const [own, asked] = ignoreCase ? [text.toLowerCase(), value.toLowerCase()] : [text, value];
  switch (kind) {
    case 'exact':
      return own === asked;
    case 'prefix':
      return own.startsWith(asked);
    case 'suffix':
      return own.endsWith(asked);
    case 'contains':
      return own.includes(asked);
    case 'regex':
      return matchesRegex(value, text);
  }
}
