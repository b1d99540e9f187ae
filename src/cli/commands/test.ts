// `test`: what EgressTests expect, held against what the mesh would do: of files alone, for CI; of the running mesh, as it is or
// with files on top. Nothing is sent and nothing changed. Exit code 1 where an expectation fails or a file has an error.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type DecodedObject, decodeManifestBytes } from '../../api/decode.ts';
import { parsePath } from '../../api/finding.ts';
import { egressTestKind } from '../../api/kinds/egress-test.ts';
import { keyOf, resourceName } from '../../api/object.ts';
import { type Diagnostic, hasErrors } from '../../platform/diagnostic.ts';
import { SallyportError } from '../../platform/errors.ts';
import type { TestRun } from '../../policy-test/result.ts';
import type { TestsBody } from '../../server/wire.ts';
import { captureNote } from '../capture-note.ts';
import type { Cli } from '../cli.ts';
import { diagnosticLines } from '../error-lines.ts';
import { addFileOptions, type FileOptions } from '../file-options.ts';
import { readManifestFiles } from '../manifest-files.ts';
import { paintTraffic } from '../output/colours.ts';
import { formatStructured } from '../output/structured.ts';
import { formatTests } from '../output/test-lines.ts';
import { addExamples, chosenOutput, usageError } from '../usage.ts';

interface TestOptions extends FileOptions {
  readonly mesh?: boolean;
  readonly capture?: string;
}

export function register(command: Command, cli: Cli): void {
  addFileOptions(command)
    .option('--mesh', 'the files on top of what the running mesh has, as `apply` would store them')
    .option('--capture <way>', 'of files alone: redirect or proxy (default redirect)')
    .action((options: TestOptions) => test(cli, options));
  command.addHelpText(
    'after',
    '\nWithout -f the EgressTests of the running mesh. Output: -o table, json, yaml or junit (JUnit XML, for CI).',
  );
  addExamples(command, cli, [
    'test -f policies/',
    'test -f policies/ -o junit > results.xml',
    'test --mesh -f change.yaml',
    'test -n shop',
  ]);
}

async function test(cli: Cli, options: TestOptions): Promise<void> {
  const output = chosenOutput(cli, ['table', 'json', 'yaml', 'junit']);
  const capture = captureOf(options);
  const body = options.filename === undefined ? await ofMesh(cli) : await ofFiles(cli, options, capture);
  const wrong = hasErrors(body.diagnostics);
  if (body.tests.length === 0 && !wrong) {
    const hint = 'an EgressTest says what a workload may reach and what not: docs/policy-tests.md';
    throw new SallyportError('SP_NO_TESTS', 'there is no EgressTest here', { hint });
  }
  if (output === 'junit') cli.write((await import('../output/junit.ts')).formatJunit(body));
  else if (output !== 'table') cli.write(await formatStructured(output, body));
  else {
    for (const line of diagnosticLines(body.diagnostics)) cli.warn(line);
    if (body.tests.length > 0) for (const line of formatTests(body, paintTraffic)) cli.print(line);
  }
  if (wrong || body.failed > 0) process.exitCode = 1;
}

const captures = ['redirect', 'proxy'] as const;

function captureOf({ capture, mesh, filename }: TestOptions): (typeof captures)[number] {
  const known = captures.find((one) => one === (capture ?? captures[0]));
  if (known === undefined) throw usageError(`'${capture}' is no way of capture`, captures.join(' or '));
  if (capture === undefined || (filename !== undefined && mesh !== true)) return known;
  throw usageError('a mesh has its own way of capture', 'leave --capture out');
}

async function ofMesh(cli: Cli): Promise<TestsBody> {
  const { namespace, namespaceGiven } = cli.options();
  const body = await cli.api().tests(namespaceGiven ? { namespace } : {});
  await captureNote(cli);
  return body;
}

async function ofFiles(
  cli: Cli,
  { filename = [], recursive = false, mesh = false }: TestOptions,
  capture: (typeof captures)[number],
): Promise<TestsBody> {
  const { namespace, namespaceGiven } = cli.options();
  const files = await readManifestFiles(filename, recursive, cli.signal);
  const decoded = files.map(({ name, bytes }) => decodeManifestBytes(bytes, name, namespace));
  const wrong = errorsOf(decoded.flatMap((one) => one.diagnostics));
  // What is not as it was meant proves nothing.
  if (wrong.length > 0) return { tests: [], passed: 0, failed: 0, diagnostics: wrong };
  // As for `apply`, which stores the last of those with the same name.
  const objects = new Map(
    decoded.flatMap((one) => one.objects.map((found) => [resourceName(keyOf(found.object)), found])),
  );
  const given = [...objects.values()].map(({ object }) => object);
  if (!mesh) {
    const { runFiles } = await import('../../policy-test/run-files.ts');
    return { ...located(await runFiles(given, { capture, read: readIfThere }), objects), diagnostics: [] };
  }
  const asked = { objects: given, ...(namespaceGiven ? { namespace } : {}) };
  const body = await cli.api().testWith(asked);
  await captureNote(cli);
  return { ...located(body, objects), diagnostics: errorsOf(body.diagnostics) };
}

function errorsOf(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === 'error');
}

function readIfThere(path: string): Promise<Uint8Array | undefined> {
  return readFile(path).catch(() => undefined);
}

/** With where in the files each expectation stands. */
function located({ tests, ...run }: TestRun, objects: ReadonlyMap<string, DecodedObject>): TestRun {
  return {
    ...run,
    tests: tests.map(({ expectations, ...test }) => {
      const written = objects.get(resourceName({ ...egressTestKind, ...test }));
      if (written === undefined) return { ...test, expectations };
      return {
        ...test,
        expectations: expectations.map((one) => ({ ...one, source: written.locate(parsePath(one.path)) })),
      };
    }),
  };
}
