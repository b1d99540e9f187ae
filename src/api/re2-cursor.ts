// A place in a regular expression that is being read, and what is wrong with it once something is. Envoy reads
// bytes, so the text is its UTF-8 with one character for each byte.

export class Re2Cursor {
  readonly text: string;
  at = 0;
  /** The first mistake; nothing is read after it. */
  mistake: string | undefined;

  constructor(text: string) {
    this.text = Buffer.from(text, 'utf8').toString('latin1');
  }

  get done(): boolean {
    return this.mistake !== undefined || this.at >= this.text.length;
  }

  /** What stands here, without taking it. */
  sees(literal: string): boolean {
    return this.text.startsWith(literal, this.at);
  }

  take(literal: string): boolean {
    const seen = this.sees(literal);
    if (seen) this.at += literal.length;
    return seen;
  }

  next(): string {
    return this.text.charAt(this.at++);
  }

  /** `pattern` is one of ours, sticky; its groups if it matches here. */
  match(pattern: RegExp): readonly string[] | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null) return undefined;
    this.at += found[0].length;
    return found;
  }

  /** `from` is where the wrong part begins. */
  fail(mistake: string, from: number): void {
    this.mistake ??= `${mistake}: ${Buffer.from(this.text.slice(from, Math.max(this.at, from + 1)), 'latin1').toString()}`;
  }
}
