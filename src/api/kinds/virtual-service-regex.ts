// Regular expressions of a VirtualService, in the syntax of RE2. They are Envoy's to run: none is ever compiled or
// run here, where a bad one could take all the time there is.
import { type FieldPath, problem } from '../finding.ts';
import type { Finding } from '../kind.ts';
import { readRe2 } from '../re2-syntax.ts';

const longestRegex = 1024;

/** Istio's bound, which our Envoys are started with. */
const largestProgram = 32_768;

export function* checkRegex(regex: string, path: FieldPath): Iterable<Finding> {
  if (regex === '') {
    yield problem('SP0702', path, 'regex string match should not be empty', 'write .* for any value');
    return;
  }
  if (Buffer.byteLength(regex) > longestRegex) {
    const message = `regex is too large, max length allowed is ${longestRegex}`;
    yield problem('SP0702', path, message, 'shorten it, or split the rule');
    return;
  }
  const { mistake, size } = readRe2(regex);
  if (mistake !== undefined) {
    const hint = 'Istio uses RE2 style regex-based match (https://github.com/google/re2/wiki/Syntax)';
    yield problem('SP0702', path, mistake, hint);
  } else if (size > largestProgram) {
    yield problem('SP0702', path, 'regex repeats too much', 'use * or +, or smaller counts');
  }
}
