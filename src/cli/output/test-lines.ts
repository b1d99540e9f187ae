// EgressTests that were run, as a person reads them: a line for each expectation, and under those that fail where they stand, what
// would happen, and what decides it.
import { formatSource } from '../../platform/diagnostic.ts';
import type { Expectation, Failure, TestRun } from '../../policy-test/result.ts';
import { oneLine } from './table.ts';

/** Of one expectation; the rest is counted. */
const mostFailures = 5;

type Paint = (kind: 'passed' | 'failed' | 'note', text: string) => string;

export function formatTests({ tests, passed, failed }: TestRun, paint: Paint): readonly string[] {
  const lines = tests.flatMap(({ namespace, name, expectations }) =>
    expectations.flatMap((one) => [
      `${one.passed ? paint('passed', '✓') : paint('failed', '✗')} ${oneLine(one.title)}${triedText(one, paint)}`,
      ...failureLines(one, `EgressTest/${namespace}/${name}`).map((line) => `    ${oneLine(line)}`),
    ]),
  );
  const summary = `${passed} passed, ${failed} failed`;
  return [...lines, '', failed === 0 ? paint('passed', summary) : paint('failed', summary)];
}

function triedText({ tried }: Expectation, paint: Paint): string {
  return tried < 2 ? '' : paint('note', ` (${tried} tried)`);
}

function failureLines(expectation: Expectation, test: string): readonly string[] {
  const { failures, passed } = expectation;
  if (passed) return [];
  const more = failures.length - mostFailures;
  return [
    placeOf(expectation, test),
    ...failures.slice(0, mostFailures).flatMap((failure) => linesOf(failure, expectation)),
    ...(more > 0 ? [`… and ${more} more, all with -o json`] : []),
  ];
}

/** Where it stands: in a file, or in an object of the mesh. */
export function placeOf({ source, path }: Expectation, test: string): string {
  return source === undefined ? `${test} ${path}` : `${formatSource(source)} ${test} ${path}`;
}

export function linesOf(failure: Failure, { title }: Expectation): readonly string[] {
  const { caller, call, outcome, when, object, reason } = failure;
  const who = caller === '' || title.startsWith(caller) ? '' : `${caller}: `;
  const what = `${who}${call === '' ? '' : `${call} `}`;
  const condition = when.length === 0 ? '' : ` if ${when.join(' and ')}`;
  const decides = object === 'default' ? '' : `${object} decides: `;
  return [`${what}${outcome}${condition}`, `  ${decides}${reason}`];
}
