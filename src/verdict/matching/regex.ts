// Regular expressions of routes and policies, as Envoy's RE2 takes them, on texts of an attempt. RE2 needs no more time than the
// text is long; the engine here may, so that it is given a while only, and no text a second one: whoever may write an expression
// must not be able to make the control plane stand still.
import { createContext, Script } from 'node:vm';
import { plainAuthority } from '../../xds/odd-authority.ts';

/** Much longer than any of them takes on a machine that has other things to do. */
const mostMs = 200;
const mostKnown = 10_000;
const known = new Map<string, boolean | undefined>();
const context = createContext({ pattern: '', flags: '', text: '', replacement: '' });
const test = new Script('new RegExp(pattern, flags).test(text)');
const replace = new Script('text.replace(new RegExp(pattern, flags), replacement)');

/** Asked of most requests, and nobody else's: it needs no watch, which a busy machine may let run out. */
const plain = new RegExp(`^(?:${plainAuthority})$`);

/** Of the whole text. Undefined: it cannot be told. */
export function matchesRegex(regex: string, text: string): boolean | undefined {
  if (regex === plainAuthority) return plain.test(text);
  const key = `${regex}\n${text}`;
  if (known.has(key)) return known.get(key);
  const { pattern, flags } = translated(regex);
  const found = run(test, { pattern: `^(?:${pattern})$`, flags, text, replacement: '' });
  const matched = typeof found === 'boolean' ? found : undefined;
  if (known.size >= mostKnown) known.clear();
  known.set(key, matched);
  return matched;
}

/** Every match; `\1` is the first group. */
export function replaceRegex(regex: string, text: string, substitution: string): string | undefined {
  const { pattern, flags } = translated(regex);
  const replacement = substitution
    .replaceAll('$', '$$$$')
    .replace(/\\(\d)/g, (_, group) => (group === '0' ? '$&' : `$${group}`));
  const replaced = run(replace, { pattern, flags: `${flags}g`, text, replacement });
  return typeof replaced === 'string' ? replaced : undefined;
}

function run(script: Script, globals: Readonly<Record<string, string>>): unknown {
  Object.assign(context, globals);
  try {
    return script.runInContext(context, { timeout: mostMs });
  } catch {
    return undefined;
  }
}

/** What RE2 writes otherwise than JavaScript. */
function translated(regex: string): { readonly pattern: string; readonly flags: string } {
  const [, own = ''] = /^\(\?([ims]+)\)/.exec(regex) ?? [];
  const rest = own === '' ? regex : regex.slice(own.length + 3);
  const pattern = rest.replaceAll('(?P<', '(?<').replaceAll('\\A', '^').replaceAll('\\z', '$');
  return { pattern, flags: [...new Set(own)].join('') };
}
