// EgressTests that were run, as JUnit's XML, which CI systems read: a suite for each test, a case for each expectation. Mistakes in
// files are cases with an error.
import { type Diagnostic, formatDiagnostic } from '../../platform/diagnostic.ts';
import type { Expectation, TestResult } from '../../policy-test/result.ts';
import type { TestsBody } from '../../server/wire.ts';
import { linesOf, placeOf } from './test-lines.ts';

export function formatJunit({ tests, passed, failed, diagnostics }: TestsBody): string {
  const errors = diagnostics.length;
  const suites = [...tests.map(suiteOf), ...(errors === 0 ? [] : [suiteOfMistakes(diagnostics)])];
  const counts = { name: 'sallyport', tests: passed + failed + errors, failures: failed, errors };
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', counts, suites)}`;
}

function suiteOf({ namespace, name, expectations }: TestResult): string {
  const test = `EgressTest/${namespace}/${name}`;
  const failures = expectations.filter(({ passed }) => !passed).length;
  const cases = expectations.map((one) => caseOf(one, test));
  return element('testsuite', { name: test, tests: expectations.length, failures, errors: 0 }, cases);
}

function caseOf(expectation: Expectation, test: string): string {
  const { title, source, failures, passed } = expectation;
  const place = source === undefined ? {} : { file: source.file, line: source.line };
  const attributes = { classname: test, name: title, ...place };
  const [first] = failures;
  if (passed || first === undefined) return element('testcase', attributes);
  const lines = [placeOf(expectation, test), ...failures.flatMap((one) => linesOf(one, expectation))];
  const failure = {
    message: linesOf(first, expectation)
      .map((line) => line.trim())
      .join('; '),
    type: first.object,
  };
  return element('testcase', attributes, [element('failure', failure, escaped(lines.join('\n')))]);
}

function suiteOfMistakes(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.length;
  const cases = diagnostics.map((one) => {
    const place = one.source === undefined ? {} : { file: one.source.file, line: one.source.line };
    const error = element('error', { message: formatDiagnostic(one), type: one.code });
    return element('testcase', { classname: 'manifests', name: `${one.resource} ${one.path}`.trim(), ...place }, [
      error,
    ]);
  });
  return element('testsuite', { name: 'manifests', tests: errors, failures: 0, errors }, cases);
}

/** A text as content is escaped already. */
function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content: readonly string[] | string = [],
): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(value))}"`);
  const start = `<${name}${written.join('')}`;
  if (typeof content === 'string') return `${start}>${content}</${name}>\n`;
  return content.length === 0 ? `${start}/>\n` : `${start}>\n${content.join('')}</${name}>\n`;
}

const entities = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
]);

function escaped(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML takes none of them
  const plain = text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '�');
  return plain.replace(/[&<>"]/g, (mark) => entities.get(mark) ?? mark);
}
