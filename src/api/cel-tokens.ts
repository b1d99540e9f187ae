// The words of an expression in CEL (https://github.com/google/cel-spec, language definition): those that Envoy reads for
// certain. Escapes that are seldom used, comments and text in three quotes are not among them.

export interface CelToken {
  readonly kind: 'name' | 'number' | 'text' | 'sign';
  /** A text as it is meant; everything else as it is written. */
  readonly value: string;
  /** As it is written. */
  readonly written: string;
}

export interface CelTokens {
  readonly tokens: readonly CelToken[];
  readonly mistake: string | undefined;
}

const space = /[ \t\r\n]+/y;
const name = /[A-Za-z_]\w*/y;
// More digits may be more than fit.
const number = /(?:0x[\da-fA-F]{1,15}u?|\d{1,18}\.\d{1,18}(?:[eE][+-]?\d{1,3})?|\d{1,18}u?)(?![\w.])/y;
const text = /b?(?:"((?:[^"\\\r\n]|\\.)*)"|'((?:[^'\\\r\n]|\\.)*)')/y;
// A backslash in it is a character like others: the first quote ends it.
const rawText = /r(?:"([^"\r\n]*)"|'([^'\r\n]*)')/y;
const sign = /&&|\|\||[<>=!]=|[-+*/%!<>?:.,()[\]]/y;

const escapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** The caller bounds the length. */
export function readCelTokens(expression: string): CelTokens {
  const tokens: CelToken[] = [];
  let at = 0;
  const take = (pattern: RegExp): readonly (string | undefined)[] | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(expression);
    if (found !== null) at += found[0].length;
    return found ?? undefined;
  };
  while (at < expression.length) {
    if (take(space) !== undefined) continue;
    const from = at;
    const raw = take(rawText);
    const [written = '', double, single] = raw ?? take(text) ?? [];
    if (written !== '') {
      const body = double ?? single ?? '';
      const value = raw === undefined ? unescaped(body) : body;
      if (value === undefined) return { tokens, mistake: `unknown escape in ${written}` };
      tokens.push({ kind: 'text', value, written });
      continue;
    }
    const kind = take(name) ? 'name' : take(number) ? 'number' : take(sign) ? 'sign' : undefined;
    if (kind === undefined) return { tokens, mistake: `cannot read ${expression.slice(from, from + 20)}` };
    const value = expression.slice(from, at);
    tokens.push({ kind, value, written: value });
  }
  return { tokens, mistake: undefined };
}

function unescaped(body: string): string | undefined {
  let known = true;
  const value = body.replaceAll(/\\(.)/gs, (_, letter: string) => {
    known &&= escapes.has(letter);
    return escapes.get(letter) ?? '';
  });
  return known ? value : undefined;
}
