// The parts of RE2's syntax that stand for one character: escapes, `\d`, `\p{L}` and `[a-z]`. Each reader takes what
// stands at the cursor and gives its greatest size in instructions; 0 if it is wrong or nothing.
import type { Re2Cursor } from './re2-cursor.ts';

/** Of UTF-8, as it is read in filters of access logs; of the bytes of routes less. */
export const anyCharacter = 10;

const perlClass = /\\[dDsSwW]/y;
const unicodeClass = /\\[pP](?:\{(\^?[^}]*)\}|(.))/y;
const simpleEscape =
  /\\(?:[nrtafv]|x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,8})\}|([1-7][0-7]{1,2}|0[0-7]{0,2})|([^\w\x80-\xff]|_))/y;
const posixClass = /\[:(\^?)([^:]*(?::[^:\]][^:]*)*):\]/y;

const posixNames = new Set(
  'alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit'.split(' '),
);

// General categories, and the scripts that people write; RE2 knows more.
const unicodeNames = new Set(
  (
    'Any C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs ' +
    'Arabic Armenian Bengali Common Cyrillic Devanagari Georgian Greek Han Hangul Hebrew Hiragana Inherited Katakana ' +
    'Latin Tamil Thai'
  ).split(' '),
);

const escapedControls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, a: 7, f: 12, v: 11 };

/** `\d`, `\pL`, `\P{Greek}`. */
export function readNamedClass(cursor: Re2Cursor): number {
  const [perl] = cursor.match(perlClass) ?? [];
  if (perl !== undefined) return /[DSW]/.test(perl) ? 8 + anyCharacter : 8;
  if (!cursor.sees('\\p') && !cursor.sees('\\P')) return 0;
  const from = cursor.at;
  const found = cursor.match(unicodeClass);
  const name = (found?.[1]?.replace(/^\^/, '') ?? found?.[2]) || '';
  if (unicodeNames.has(name)) return 17;
  if (found === undefined) cursor.at += 2;
  cursor.fail('invalid character class range', from);
  return 0;
}

/** The code of a literal character behind a backslash; undefined if it is none. */
export function readEscapedCode(cursor: Re2Cursor): number | undefined {
  const from = cursor.at;
  const found = cursor.match(simpleEscape);
  const [whole = '', twoDigits, braced, octal, literal] = found ?? [];
  const code =
    literal !== undefined
      ? literal.charCodeAt(0)
      : octal !== undefined
        ? Number.parseInt(octal, 8)
        : (escapedControls[whole.charAt(1)] ?? Number.parseInt(twoDigits ?? braced ?? '', 16));
  if (found !== undefined && code <= 0xff) return code;
  if (from + 1 >= cursor.text.length) cursor.fail('trailing \\', from);
  else {
    cursor.at = from + 2;
    cursor.fail('invalid escape sequence', from);
  }
  return undefined;
}

/** `[a-z]`, the cursor at its bracket. */
export function readBracketClass(cursor: Re2Cursor): number {
  const from = cursor.at;
  cursor.take('[');
  let size = cursor.take('^') ? anyCharacter : 1;
  let first = true;
  while (!cursor.done) {
    if (!first && cursor.take(']')) return size;
    first = false;
    size += readClassItem(cursor);
  }
  cursor.fail('missing ]', from);
  return 0;
}

function readClassItem(cursor: Re2Cursor): number {
  const from = cursor.at;
  if (cursor.sees('[:')) {
    const posix = cursor.match(posixClass);
    if (posix !== undefined) {
      if (!posixNames.has(posix[2] ?? '')) cursor.fail('invalid character class range', from);
      return posix[1] === '' ? 8 : 8 + anyCharacter;
    }
  }
  const named = readNamedClass(cursor);
  if (named > 0) return named;
  const low = readClassCode(cursor);
  if (cursor.mistake === undefined && cursor.sees('-') && !cursor.sees('-]') && cursor.at + 1 < cursor.text.length) {
    cursor.take('-');
    const high = readClassCode(cursor);
    if (high < low) cursor.fail('invalid character class range', from);
  }
  // Twice for both cases of letters.
  return 2;
}

function readClassCode(cursor: Re2Cursor): number {
  if (cursor.sees('\\')) return readEscapedCode(cursor) ?? 0;
  return cursor.next().charCodeAt(0);
}
