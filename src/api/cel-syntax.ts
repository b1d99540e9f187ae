// Whether Envoy would take an expression in CEL as the filter of an access log. One that it refuses would cost a proxy the
// listener with all that changes in it, so only what it takes for certain passes: comparisons of attributes, and the
// functions it has. The expression is read here and never run.
import { type CelToken, readCelTokens } from './cel-tokens.ts';
import { readRe2 } from './re2-syntax.ts';

export interface CelSyntax {
  /** What is wrong; undefined if nothing is. */
  readonly mistake: string | undefined;
  /** What it asks of an event: `response.code`; the name alone where more than a field is asked. */
  readonly attributes: readonly string[];
}

const reserved = new Set(
  'as break const continue else for function if import in let loop namespace package return var void while'.split(' '),
);
const constants = new Set(['true', 'false', 'null']);
/** By name, with the number of arguments that each takes. */
const functions = new Map([
  ...(['size', 'int', 'uint', 'double', 'bytes', 'duration', 'timestamp'] as const).map((name) => [name, 1] as const),
  ['matches', 2],
]);
const methods = new Map([
  ['size', 0],
  ['startsWith', 1],
  ['endsWith', 1],
  ['contains', 1],
  ['matches', 1],
]);
const comparisons = ['==', '!=', '<', '<=', '>', '>=', 'in'];
const sums = ['+', '-'];
const products = ['*', '/', '%'];
/** Envoy's bound, on expressions within expressions and on what is done to what comes of another: `a.b.c`, `1 + 2 + 3`. */
const deepest = 32;
/** Envoy's bound on the instructions of a regular expression, which it reads as UTF-8 here. */
const largestProgram = 100;

// Characters and classes of which one alone may be too large.
const beyondAscii = /[^\0-\x7f]|\\[pP]/;
// With (?i) a `k` is the sign of Kelvin too; what \xe9 stands for has two bytes.
const severalBytes = /\(\?\w*i|\\[x0-7]/;

/** The caller bounds the length. */
export function readCel(expression: string): CelSyntax {
  const { tokens, mistake } = readCelTokens(expression);
  if (mistake !== undefined) return { mistake, attributes: [] };
  const reader = new CelReader(tokens);
  reader.readWhole();
  return { mistake: reader.mistake, attributes: [...reader.attributes] };
}

class CelReader {
  readonly attributes = new Set<string>();
  mistake: string | undefined;
  private at = 0;
  private depth = 0;
  private readonly tokens: readonly CelToken[];

  constructor(tokens: readonly CelToken[]) {
    this.tokens = tokens;
  }

  readWhole(): void {
    this.readExpression();
    if (this.at < this.tokens.length) this.fail(`unexpected ${this.tokens[this.at]?.written}`);
  }

  // Each of these gives how much stands within each other in what it has read.

  private readExpression(): number {
    this.depth += 1;
    if (this.depth > deepest) this.fail(`more than ${deepest} expressions within each other`);
    let height = this.readOr();
    if (this.take('?')) {
      height = Math.max(height, this.readOr());
      this.expect(':');
      height = this.around(height, this.readExpression());
    }
    this.depth -= 1;
    return height;
  }

  private readOr(): number {
    return this.readFlat('||', () => this.readFlat('&&', () => this.readComparison()));
  }

  private readComparison(): number {
    return this.readEach(comparisons, () => this.readEach(sums, () => this.readEach(products, () => this.readUnary())));
  }

  /** Envoy lays those out beside each other. */
  private readFlat(operator: string, readOne: () => number): number {
    let height = readOne();
    if (!this.sees(operator)) return height;
    while (this.mistake === undefined && this.take(operator)) height = Math.max(height, readOne());
    return this.around(height);
  }

  /** `1 + 2 + 3` is `(1 + 2) + 3`. */
  private readEach(operators: readonly string[], readOne: () => number): number {
    let height = readOne();
    while (this.mistake === undefined && operators.some((operator) => this.take(operator))) {
      height = this.around(height, readOne());
    }
    return height;
  }

  private readUnary(): number {
    const signed = this.take('!') || this.take('-');
    const height = this.readMember();
    return signed ? this.around(height) : height;
  }

  private readMember(): number {
    let { path, height } = this.readPrimary();
    for (let first = true; this.mistake === undefined; first = false) {
      if (this.take('.')) {
        const name = this.readName();
        if (this.sees('(')) height = this.around(height, this.readCall(name, methods));
        else {
          if (first && path !== undefined) path = `${path}.${name}`;
          height = this.around(height);
        }
      } else if (this.take('[')) {
        height = this.around(height, this.readExpression());
        this.expect(']');
      } else break;
    }
    if (path !== undefined) this.attributes.add(path);
    return height;
  }

  /** With the name of an attribute, if it is one. */
  private readPrimary(): { readonly path?: string; readonly height: number } {
    const token = this.tokens[this.at];
    let height = 1;
    if (token === undefined) this.fail('the expression ends too early');
    else if (token.kind === 'number' || token.kind === 'text' || constants.has(token.value)) this.at += 1;
    else if (this.take('(')) {
      height = this.readExpression();
      this.expect(')');
    } else if (this.take('[')) height = this.around(this.readArguments(']').height);
    else if (token.kind !== 'name') this.fail(`unexpected ${token.written}`);
    else {
      const name = this.readName();
      if (!this.sees('(')) return { path: name, height };
      height = name === 'has' ? this.readHas() : this.around(this.readCall(name, functions));
    }
    return { height };
  }

  /** `has(response.code)`: nothing but a field of something. */
  private readHas(): number {
    this.expect('(');
    const path = [this.readName()];
    while (this.mistake === undefined && this.take('.')) path.push(this.readName());
    if (path.length < 2) this.fail('has() takes a field, such as response.code');
    this.expect(')');
    this.attributes.add(path.slice(0, 2).join('.'));
    return this.around(path.length);
  }

  /** Of its arguments. */
  private readCall(name: string, known: ReadonlyMap<string, number>): number {
    const wanted = known.get(name);
    if (wanted === undefined) this.fail(`unknown function ${name}`);
    this.expect('(');
    const { count, height } = this.readArguments(')');
    if (wanted !== undefined && count !== wanted) this.fail(`${name} takes ${wanted} arguments here, not ${count}`);
    if (name === 'matches') this.checkRegex();
    return height;
  }

  /** Just read: the last argument and the parenthesis behind it. */
  private checkRegex(): void {
    const [before, regex] = this.tokens.slice(Math.max(0, this.at - 3), this.at);
    if (regex?.kind !== 'text' || (before?.value !== '(' && before?.value !== ',')) {
      this.fail('matches takes its expression as a text in quotes');
      return;
    }
    const { mistake, size } = readRe2(regex.value);
    if (mistake !== undefined) this.fail(mistake);
    else if (beyondAscii.test(regex.value)) this.fail('matches takes ASCII alone, and no \\p');
    else if (size * (severalBytes.test(regex.value) ? 4 : 1) > largestProgram) this.fail('regex is too large');
  }

  private readArguments(end: ')' | ']'): { readonly count: number; readonly height: number } {
    let [count, height] = [0, 0];
    if (this.take(end)) return { count, height };
    do {
      height = Math.max(height, this.readExpression());
      count += 1;
    } while (this.mistake === undefined && this.take(','));
    this.expect(end);
    return { count, height };
  }

  private readName(): string {
    const token = this.tokens[this.at];
    if (token?.kind !== 'name' || reserved.has(token.value) || constants.has(token.value)) {
      this.fail(token === undefined ? 'the expression ends too early' : `unexpected ${token.written}`);
      return '';
    }
    this.at += 1;
    return token.value;
  }

  private sees(sign: string): boolean {
    const token = this.tokens[this.at];
    return token !== undefined && token.kind !== 'text' && token.value === sign;
  }

  private take(sign: string): boolean {
    const seen = this.sees(sign);
    if (seen) this.at += 1;
    return seen;
  }

  private expect(sign: string): void {
    if (this.take(sign)) return;
    const token = this.tokens[this.at];
    this.fail(
      token === undefined ? `${sign} is missing at the end` : `unexpected ${token.written}, ${sign} is missing`,
    );
  }

  /** One more than the highest of what stands within. */
  private around(...heights: readonly number[]): number {
    const height = 1 + Math.max(...heights);
    if (height > deepest) this.fail(`more than ${deepest} expressions within each other`);
    return height;
  }

  private fail(mistake: string): void {
    this.mistake ??= mistake;
    // Nothing is read after a mistake.
    this.at = this.tokens.length;
  }
}
