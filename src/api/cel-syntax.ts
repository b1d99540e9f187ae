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
/** Envoy's bound is 32, of which one parenthesis may cost more than one. */
const deepest = 12;

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

  private readExpression(): void {
    this.depth += 1;
    if (this.depth > deepest) this.fail(`more than ${deepest} expressions within each other`);
    this.readOr();
    if (this.take('?')) {
      this.readOr();
      this.expect(':');
      this.readExpression();
    }
    this.depth -= 1;
  }

  private readOr(): void {
    this.readEach(['||'], () => this.readEach(['&&'], () => this.readComparison()));
  }

  private readComparison(): void {
    this.readEach(comparisons, () => this.readEach(sums, () => this.readEach(products, () => this.readUnary())));
  }

  private readEach(operators: readonly string[], readOne: () => void): void {
    do readOne();
    while (this.mistake === undefined && operators.some((operator) => this.take(operator)));
  }

  private readUnary(): void {
    if (!this.take('!')) this.take('-');
    this.readMember();
  }

  private readMember(): void {
    const path = this.readPrimary();
    let field: string | undefined;
    let first = true;
    while (this.mistake === undefined) {
      if (this.take('.')) {
        const name = this.readName();
        if (this.sees('(')) this.readCall(name, methods);
        else if (first) field = name;
      } else if (this.take('[')) {
        this.readExpression();
        this.expect(']');
      } else break;
      first = false;
    }
    if (path !== undefined) this.attributes.add(field === undefined ? path : `${path}.${field}`);
  }

  /** The name of an attribute, if it is one. */
  private readPrimary(): string | undefined {
    const token = this.tokens[this.at];
    if (token === undefined) this.fail('the expression ends too early');
    else if (token.kind === 'number' || token.kind === 'text' || constants.has(token.value)) this.at += 1;
    else if (this.take('(')) {
      this.readExpression();
      this.expect(')');
    } else if (this.take('[')) this.readArguments(']');
    else if (token.kind !== 'name') this.fail(`unexpected ${token.written}`);
    else {
      const name = this.readName();
      if (!this.sees('(')) return name;
      if (name === 'has') this.readHas();
      else this.readCall(name, functions);
    }
    return undefined;
  }

  /** `has(response.code)`: nothing but a field of something. */
  private readHas(): void {
    this.expect('(');
    const path = [this.readName()];
    while (this.mistake === undefined && this.take('.')) path.push(this.readName());
    if (path.length < 2) this.fail('has() takes a field, such as response.code');
    this.expect(')');
    this.attributes.add(path.slice(0, 2).join('.'));
  }

  private readCall(name: string, known: ReadonlyMap<string, number>): void {
    const wanted = known.get(name);
    if (wanted === undefined) this.fail(`unknown function ${name}`);
    this.expect('(');
    const count = this.readArguments(')');
    if (wanted !== undefined && count !== wanted) this.fail(`${name} takes ${wanted} arguments here, not ${count}`);
    if (name === 'matches') this.checkRegex();
  }

  /** Just read: the last argument and the parenthesis behind it. */
  private checkRegex(): void {
    const [before, regex] = this.tokens.slice(Math.max(0, this.at - 3), this.at);
    if (regex?.kind !== 'text' || (before?.value !== '(' && before?.value !== ',')) {
      this.fail('matches takes its expression as a text in quotes');
      return;
    }
    const { mistake } = readRe2(regex.value);
    if (mistake !== undefined) this.fail(mistake);
  }

  private readArguments(end: ')' | ']'): number {
    if (this.take(end)) return 0;
    let count = 0;
    do {
      this.readExpression();
      count += 1;
    } while (this.mistake === undefined && this.take(','));
    this.expect(end);
    return count;
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

  private fail(mistake: string): void {
    this.mistake ??= mistake;
    // Nothing is read after a mistake.
    this.at = this.tokens.length;
  }
}
