// Regular expressions of routes and policies on texts of an attempt, by a port of the engine that Envoy has (RE2): the same
// syntax, and no more time than the text is long, whoever wrote the expression.
import { RE2JS } from 're2js';

const mostKnown = 10_000;
const known = new Map<string, RE2JS>();

/** Of the whole text. Undefined: it cannot be told, since it is none. */
export function matchesRegex(regex: string, text: string): boolean | undefined {
  return compiled(regex)?.matches(text);
}

/** Every match; `\1` in the substitution is the first group, `\0` the whole match. */
export function replaceRegex(regex: string, text: string, substitution: string): string | undefined {
  const matcher = compiled(regex)?.matcher(text);
  if (matcher === undefined) return undefined;
  let replaced = '';
  let end = 0;
  while (matcher.find()) {
    const insert = substitution.replaceAll(/\\([\d\\])/g, (_, one: string) =>
      one === '\\' ? one : (matcher.group(Number(one)) ?? ''),
    );
    replaced += text.slice(end, matcher.start()) + insert;
    end = matcher.end();
  }
  return replaced + text.slice(end);
}

/** Undefined where it does not compile; Envoy would have refused what it stands in. */
function compiled(regex: string): RE2JS | undefined {
  const found = known.get(regex);
  if (found !== undefined) return found;
  try {
    const fresh = RE2JS.compile(regex);
    if (known.size >= mostKnown) known.clear();
    known.set(regex, fresh);
    return fresh;
  } catch {
    return undefined;
  }
}
