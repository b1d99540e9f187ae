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

/** An HTTP answer shown with its headers. */
export function answers(status: number, ...headers: readonly string[]): Expectation {
  return {
    says: `answers ${status}${headers.map((header) => `, ${header}`).join('')}`,
    holds: ({ stdout }) =>
      new RegExp(`^HTTP/1\\.[01] ${status} `).test(stdout) &&
      headers.every((header) => stdout.toLowerCase().includes(`\n${header.toLowerCase()}\r\n`)),
  };
}

export function shows(says: string, pattern: RegExp): Expectation {
  return { says, holds: ({ code, stdout }) => code === 0 && pattern.test(stdout) };
}

/** The command inside the workload ended with an error, and no page was shown. */
export function fails(says: string): Expectation {
  return { says, holds: ({ code, stdout }) => code !== 0 && stdout === '' };
}

export function allHold(expectations: readonly Expectation[], outcome: Outcome): boolean {
  return expectations.every((expectation) => expectation.holds(outcome));
}
