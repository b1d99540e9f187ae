// What the tour checks, in the few forms that its steps need.
import type { Expectation, Outcome } from './step.ts';

/** Standard output is exactly this line, or these lines. */
export function prints(...lines: readonly string[]): Expectation {
  const wanted = lines.map((line) => `${line}\n`).join('');
  return {
    says: lines.length === 1 ? 'says exactly this' : 'says exactly these lines',
    holds: ({ code, stdout }) => code === 0 && stdout === wanted,
  };
}

/** An HTTP answer shown with its headers, on standard output or, where that is empty, on standard error. */
export function answers(status: number, ...headers: readonly string[]): Expectation {
  return {
    says: `answers ${status}${headers.map((header) => `, ${header}`).join('')}`,
    holds({ stdout, stderr }) {
      const text = stdout || stderr;
      return (
        new RegExp(`^HTTP/1\\.[01] ${status} `).test(text) &&
        headers.every((header) => text.toLowerCase().includes(`\n${header.toLowerCase()}\r\n`))
      );
    },
  };
}

/** What a command printed as lines `COUNT TEXT`, `holds` gets how often a text was counted. */
export function counts(says: string, holds: (count: (text: string) => number) => boolean): Expectation {
  return {
    says,
    holds({ code, stdout }) {
      const rows = stdout.split('\n').map((line) => /^\s*(\d+)\s+(.*)$/.exec(line));
      const byText = new Map(rows.map((row) => [row?.[2]?.replace(/\s+/g, ' ') ?? '', Number(row?.[1] ?? 0)]));
      return code === 0 && holds((text) => byText.get(text) ?? 0);
    },
  };
}

export function shows(says: string, pattern: RegExp): Expectation {
  return { says, holds: ({ code, stdout }) => code === 0 && pattern.test(stdout) };
}

/** These objects are there now, each with its line: `KIND.GROUP/NAME created`. */
export function applies(...names: readonly string[]): Expectation {
  return {
    says: `${names.length === 1 ? 'it is' : 'all are'} there`,
    holds({ code, stdout }) {
      const lines = stdout.trimEnd().split('\n');
      const words = ['created', 'configured', 'unchanged'];
      const isSaid = (name: string, index: number) => words.some((word) => lines[index] === `${name} ${word}`);
      return code === 0 && lines.length === names.length && names.every(isSaid);
    },
  };
}

/** The command inside the workload ended with an error, and no page was shown. */
export function fails(says: string): Expectation {
  return { says, holds: ({ code, stdout }) => code !== 0 && stdout === '' };
}

export function allHold(expectations: readonly Expectation[], outcome: Outcome): boolean {
  return expectations.every((expectation) => expectation.holds(outcome));
}
