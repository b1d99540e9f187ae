// Text -> YAML documents, each read by itself, so that a broken one hides no other. JSON is read as the YAML it is.
// Bounds are checked before the work they bound: a document's length before parsing, nesting while parsing.
import { Composer, type Document, Lexer, LineCounter, Parser, type YAMLParseError } from 'yaml';
import type { SourceLocation } from '../platform/diagnostic.ts';
import { problem } from './finding.ts';
import type { Finding } from './kind.ts';
import { deepestNesting } from './without-nulls.ts';

const largestDocument = 10 * 1024 * 1024;
// Words and marks of one document: what reading costs grows with them, and a second is enough for a mistake. A list of 4,000
// objects has about as many.
const mostLexemes = 500_000;
// Tokens the parser holds open at once: a little more than the levels of a document that is just deep enough.
const openTokens = 2 * deepestNesting + 16;

export interface YamlDocument {
  /** Absent if the text could not be read as YAML at all. */
  readonly document?: Document.Parsed;
  readonly mistakes: readonly TextMistake[];
  /** Offset in the document's text -> place in the file. */
  readonly place: (offset: number) => SourceLocation;
  /** Reads the same once more; holds nothing but the text. */
  readonly again: () => YamlDocument;
}

/** A mistake whose place is known by its offset in the document's text. */
export interface TextMistake {
  readonly finding: Finding;
  readonly offset: number;
}

/** Empty documents are left out. A byte order mark and Windows line ends are accepted. */
export function* readYamlDocuments(text: string, file: string): Iterable<YamlDocument> {
  let line = 0;
  for (const part of splitDocuments(text.startsWith('\uFEFF') ? text.slice(1) : text)) {
    // A million markers are read as fast as they are split.
    if (part !== '---\n') yield* readPart(part, file, line);
    line += countLines(part);
  }
}

/** A `---` at the start of a line begins a document wherever it stands, even within a block of text (YAML 9.1). */
function* splitDocuments(text: string): Iterable<string> {
  let start = 0;
  for (const marker of text.matchAll(/^---(?=\s|$)/gm)) {
    if (marker.index > start) yield text.slice(start, marker.index);
    start = marker.index;
  }
  yield text.slice(start);
}

function* readPart(text: string, file: string, firstLine: number): Generator<YamlDocument> {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const place = (offset: number): SourceLocation => {
    const { line, col } = lines.linePos(offset);
    return { file, line: firstLine + Math.max(line, 1), column: Math.max(col, 1) };
  };
  const mistake = checkText(text);
  if (mistake !== undefined) {
    for (const end of text.slice(0, mistake.offset).matchAll(/\n/g)) lines.addNewLine(end.index + 1);
    yield { mistakes: [mistake], place, again: readingOf(text, file, firstLine, 0) };
    return;
  }
  let index = 0;
  for (const parsed of parse(text, lines)) {
    if (!('finding' in parsed) && parsed.errors.length === 0 && parsed.contents === null) continue;
    const again = readingOf(text, file, firstLine, index);
    index += 1;
    if ('finding' in parsed) yield { mistakes: [parsed], place, again };
    else if (parsed.errors.length > 0) yield { mistakes: parsed.errors.slice(0, 1).map(syntaxMistake), place, again };
    else yield { document: parsed, mistakes: [], place, again };
  }
}

/** Apart, so that it shares no scope with what was made of the text. */
function readingOf(text: string, file: string, firstLine: number, index: number): () => YamlDocument {
  return () => {
    const [document] = readPart(text, file, firstLine).drop(index);
    if (document === undefined) throw new Error('a text has fewer documents than before');
    return document;
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const controlCharacter = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

function checkText(text: string): TextMistake | undefined {
  if (text.length > largestDocument) {
    const message = `the document has ${text.length} characters; at most ${largestDocument} are read`;
    return { finding: problem('SP0002', [], message, "split it into documents with a line '---'"), offset: 0 };
  }
  if (hasMoreLexemes(text)) {
    const message = `the document has more than ${mostLexemes} words and marks`;
    return { finding: problem('SP0002', [], message, "split it into documents with a line '---'"), offset: 0 };
  }
  const control = controlCharacter.exec(text);
  if (control === null) return undefined;
  const digits = control[0].charCodeAt(0).toString(16).padStart(4, '0');
  const hint = 'remove it, or write it as an escape in a double-quoted text';
  return { finding: problem('SP0011', [], `control character U+${digits}`, hint), offset: control.index };
}

/** Told by the lexer alone, before anything is made of what it finds. A lexeme has a character at least. */
function hasMoreLexemes(text: string): boolean {
  if (text.length <= mostLexemes) return false;
  let left = mostLexemes;
  for (const _ of new Lexer().lex(text)) {
    left -= 1;
    if (left < 0) return true;
  }
  return false;
}

function* parse(text: string, lines: LineCounter): Iterable<Document.Parsed | TextMistake> {
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({
    schema: 'core',
    version: '1.2',
    strict: true,
    merge: false,
    // Both are checked while the value is made: the library compares every key with every other.
    uniqueKeys: false,
    stringKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) yield* composer.next(token);
    if (parser.stack.length > openTokens) {
      const finding = problem('SP0004', [], `nested deeper than ${deepestNesting} levels`, 'flatten it');
      yield { finding, offset: parser.stack.at(-1)?.offset ?? 0 };
      return;
    }
  }
  for (const token of parser.end()) yield* composer.next(token);
  yield* composer.end();
}

// What follows the first mistake in a syntax is mostly its echo.
function syntaxMistake(error: YAMLParseError): TextMistake {
  return { finding: problem('SP0003', [], lowerFirst(error.message), hints.get(error.code)), offset: error.pos[0] };
}

const hints: ReadonlyMap<string, string> = new Map([
  ['TAB_AS_INDENT', 'indent with spaces'],
  ['BAD_INDENT', 'indent fields of one mapping equally'],
  ['MISSING_CHAR', 'look for a missing quote, colon, comma or bracket before this place'],
  ['MULTIPLE_DOCS', "put a line '---' before it"],
]);

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function countLines(text: string): number {
  let count = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) count += 1;
  return count;
}
