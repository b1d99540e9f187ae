// Whether Envoy would take a regular expression. One that its RE2 refuses would cost a proxy the whole resource it
// stands in, with all other rules. The text is read here, never compiled: no engine of ours ever runs it.
// https://github.com/google/re2/wiki/Syntax with Perl's extensions, as Envoy has it; its messages.
import { anyCharacter, readBracketClass, readEscapedCode, readNamedClass } from './re2-class.ts';
import { Re2Cursor } from './re2-cursor.ts';

export interface Re2Syntax {
  /** What is wrong, in RE2's words; undefined if nothing is. */
  readonly mistake: string | undefined;
  /** Capturing groups, which a substitution may name. */
  readonly groups: number;
  /** About how many instructions RE2 makes of it; seldom too few. */
  readonly size: number;
}

/** How often a part may be repeated, repetitions within repetitions multiplied. */
const mostRepeats = 1000;

interface Piece {
  readonly size: number;
  /** The greatest product of nested counts. */
  readonly repeats: number;
}

/** What has been read since an opening parenthesis. */
interface Level {
  readonly captures: boolean;
  readonly from: number;
  size: number;
  repeats: number;
  /** What a repetition would repeat. */
  last: Piece | undefined;
  afterRepetition: boolean;
}

const namedGroup = /\(\?P?<([0-9A-Za-z_]+)>/y;
const misnamedGroup = /\(\?P?<[^>]*>?/y;
const flagGroup = /\(\?([imsU]*)(-[imsU]+)?([:)])/y;
// A longer number, or one with leading zeros, is text like any other.
const repetition = /(?:[*+?]|\{(0|[1-9]\d{0,8})(?:(,)(0|[1-9]\d{0,8})?)?\})\??/y;
const quoted = /\\Q((?:(?!\\E)[\s\S])*)(?:\\E)?/y;
const assertion = /[$^]|\\[AzbBC]/y;

/** The caller bounds the length of the text; the time taken may grow with its square. */
export function readRe2(text: string): Re2Syntax {
  const cursor = new Re2Cursor(text);
  const levels: Level[] = [openLevel(false, 0)];
  let groups = 0;
  for (let level = levels.at(-1); level !== undefined && !cursor.done; level = levels.at(-1)) {
    if (cursor.sees('(')) {
      const opened = readGroup(cursor);
      if (opened?.captures) groups += 1;
      if (opened !== undefined) levels.push(opened);
      level.afterRepetition = false;
    } else if (cursor.sees(')')) {
      cursor.take(')');
      levels.pop();
      const outer = levels.at(-1);
      if (outer === undefined) cursor.fail('unexpected )', cursor.at - 1);
      else add(outer, level.size + (level.captures ? 3 : 0), level.repeats);
    } else if (cursor.take('|')) {
      Object.assign(level, { last: undefined, afterRepetition: false, size: level.size + 1 });
    } else if (!readRepetition(cursor, level)) readAtom(cursor, level);
  }
  const open = levels.at(-1);
  if (levels.length > 1 && open !== undefined) cursor.fail('missing )', open.from);
  return { mistake: cursor.mistake, groups, size: (levels[0]?.size ?? 0) + 8 };
}

function openLevel(captures: boolean, from: number): Level {
  return { captures, from, size: 1, repeats: 1, last: undefined, afterRepetition: false };
}

function add(level: Level, size: number, repeats = 1): void {
  level.size += size;
  level.repeats = Math.max(level.repeats, repeats);
  level.last = { size, repeats };
  level.afterRepetition = false;
}

/** Undefined where only flags are set, or on a mistake. */
function readGroup(cursor: Re2Cursor): Level | undefined {
  const from = cursor.at;
  if (!cursor.sees('(?')) {
    cursor.take('(');
    return openLevel(true, from);
  }
  if (cursor.match(namedGroup) !== undefined) return openLevel(true, from);
  const flags = cursor.match(flagGroup);
  if (flags !== undefined) return flags[3] === ':' ? openLevel(false, from) : undefined;
  if (cursor.match(misnamedGroup) !== undefined) cursor.fail('invalid named capture group', from);
  cursor.at = from + 3;
  cursor.fail('invalid perl operator', from);
  return undefined;
}

/** Whether a repetition stood here; a brace that counts nothing is a character like others. */
function readRepetition(cursor: Re2Cursor, level: Level): boolean {
  const from = cursor.at;
  const found = cursor.match(repetition);
  if (found === undefined) return false;
  const [whole = '', least, comma, most] = found;
  const { last } = level;
  if (last === undefined) cursor.fail('no argument for repetition operator', from);
  else if (level.afterRepetition) cursor.fail('bad repetition operator', from);
  else if (least === undefined) repeat(level, last, { size: last.size + 3, repeats: last.repeats });
  else {
    const min = Number(least);
    const max = comma === undefined ? min : most === undefined ? undefined : Number(most);
    const count = max ?? min;
    const repeats = last.repeats * Math.max(count, 1);
    const tooOften = Math.max(min, count) > mostRepeats || (Math.max(min, count) >= 2 && repeats > mostRepeats);
    if (count < min || tooOften) cursor.fail('invalid repetition size', from);
    repeat(level, last, { size: Math.max(count, 1) * (last.size + 1) + whole.length, repeats });
  }
  return true;
}

function repeat(level: Level, before: Piece, after: Piece): void {
  add(level, after.size - before.size, after.repeats);
  level.last = after;
  level.afterRepetition = true;
}

function readAtom(cursor: Re2Cursor, level: Level): void {
  const literals = cursor.match(quoted);
  if (literals !== undefined) {
    const size = literals[1]?.length ?? 0;
    level.afterRepetition = false;
    if (size > 0) {
      level.size += size - 1;
      add(level, 1);
    }
  } else if (cursor.match(assertion) !== undefined) add(level, 1);
  else if (cursor.sees('[')) add(level, readBracketClass(cursor));
  else if (cursor.sees('\\')) {
    const size = readNamedClass(cursor);
    if (size === 0 && cursor.mistake === undefined) readEscapedCode(cursor);
    add(level, Math.max(size, 1));
  } else add(level, cursor.next() === '.' ? anyCharacter : 1);
}
