// Paths as Envoy's connection managers and routes change them.
import { replaceRegex } from '../matching/regex.ts';
import { knownText, type Text } from '../matching/text.ts';
import { Untellable } from '../untellable.ts';

/** Envoy: normalize_path; dots are resolved, `//` stays. */
export function normalized(path: Text): Text {
  const whole = path.value();
  if (whole === undefined || !whole.startsWith('/')) return path;
  const end = whole.search(/[?#]/);
  const [own, rest] = end < 0 ? [whole, ''] : [whole.slice(0, end), whole.slice(end)];
  return knownText(path.subject, `${new URL(`http://h${own}`).pathname}${rest}`);
}

/** `matched`: the part of the path that the route took. */
export function withPrefix(path: Text, matched: string, replacement: string): Text {
  const whole = path.value();
  if (whole === undefined) return path;
  return knownText(path.subject, `${replacement}${whole.slice(matched.length)}`);
}

export function withRegex(path: Text, regex: string, substitution: string): Text {
  const whole = path.value();
  if (whole === undefined) return path;
  const end = whole.indexOf('?');
  const [own, query] = end < 0 ? [whole, ''] : [whole.slice(0, end), whole.slice(end)];
  const replaced = replaceRegex(regex, own, substitution);
  if (replaced === undefined) throw new Untellable(`what ${regex} makes of ${path.subject}`);
  return knownText(path.subject, `${replaced}${query}`);
}
