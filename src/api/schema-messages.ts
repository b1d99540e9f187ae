// The words for what a schema refuses. They replace zod's own wherever a schema gives none of its own.
import type { z } from 'zod';

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
};

/** `the text "80"`, `the number 80`, `a list`: what stands there, in at most a few words. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return `the text ${JSON.stringify(shorten(value))}`;
  if (typeof value === 'number') return `the number ${value}`;
  return typeof value === 'boolean' ? `${value}` : describeType(value);
}

/** The same without the value itself. */
export function describeType(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'boolean') return 'a boolean';
  return typeNames[typeof value] ?? typeof value;
}

/** For parse's `error` option: the message of one issue. */
export const messageOfIssue: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is required';
      return `expected ${typeNames[issue.expected] ?? issue.expected}, got ${describeValue(issue.input)}`;
    case 'invalid_value':
      return issue.input === undefined
        ? 'is required'
        : `unknown value ${quoted(issue.input)}; expected one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return issue.origin === 'array'
        ? `needs at least ${issue.minimum} ${issue.minimum === 1 ? 'entry' : 'entries'}`
        : `${quoted(issue.input)} is too small; the least is ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'array'
        ? `has more than ${issue.maximum} entries`
        : `${quoted(issue.input)} is too large; the most is ${issue.maximum}`;
    case 'invalid_format':
      return `${quoted(issue.input)} does not have the form ${issue.pattern ?? issue.format}`;
    default:
      return undefined;
  }
};

export function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? `'${shorten(value)}'` : String(value);
}
