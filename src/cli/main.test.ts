// The program as a whole: usage, exit codes, its other names, other versions of Node, pipes and Ctrl-C.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startControlPlane, temporaryDataFolder } from '../../test/support/control-plane.ts';
import { serviceEntry } from '../../test/support/manifests.ts';
import { assertResult, finished, programFile, runSallyport, startSallyport } from '../../test/support/run-sallyport.ts';
import { packageVersion } from '../platform/version.ts';

const wrong: readonly (readonly [string, RegExp])[] = [
  ['gett', /^error: unknown command 'gett'\n\(Did you mean get\?\)\n$/],
  ['get', /^error: missing required argument 'kind'\n$/],
  ['get se --selectr a=b', /^error: unknown option '--selectr'\n\(Did you mean --selector\?\)\n$/],
  ['get se -o xml', /^error: no output form 'xml'\none of table, wide/],
  ['get se -o jsonpath={.a', /^error: '\{\.a' is no JSONPath/],
  ['proxy-status -o wild', /^error: no output form 'wild' here\n/],
  ['istio', /^Usage: sallyport istio /],
  ['logs echo --tail many', /^error: option '--tail <lines>' argument 'many' is invalid/],
];

for (const [line, stderr] of wrong) {
  test(`'${line}' is wrong usage`, async (t) => {
    const { folder } = await startControlPlane(t);
    assertResult(await runSallyport(folder, line.split(' ')), 2, '', stderr);
  });
}

test('help is on standard output, for each command with examples', async (t) => {
  const folder = await temporaryDataFolder(t);
  assertResult(
    await runSallyport(folder, []),
    0,
    /^Usage: sallyport \[options\] \[command\]\n[\s\S]*\n {2}get +show objects\n/,
  );
  for (const line of ['get --help', 'help get']) {
    assertResult(await runSallyport(folder, line.split(' ')), 0, /Examples:\n {2}sallyport get serviceentries\n/);
  }
});

test('version', async (t) => {
  const { folder } = await startControlPlane(t);
  assertResult(await runSallyport(folder, ['-v']), 0, `${packageVersion()}\n`);
  assertResult(await runSallyport(folder, ['version']), 0, `client: ${packageVersion()}\nmesh: 9.9.9\n`);
});

test('a cluster is refused in one sentence', async (t) => {
  const folder = await temporaryDataFolder(t);
  const result = await runSallyport(folder, ['get', 'se', '--kubeconfig', '/root/.kube/config']);
  assertResult(result, 1, '', /^error: working on a cluster is not built yet\n/);
});

for (const name of ['smm', 'backyards']) {
  test(`it is also called ${name}`, async (t) => {
    const folder = await temporaryDataFolder(t);
    const link = join(await temporaryFolder(t), name);
    await symlink(programFile, link);
    assertResult(await finished(startSallyport(folder, ['get', '--help'], link)), 0, new RegExp(`^Usage: ${name} get`));
    assertResult(
      await finished(startSallyport(folder, ['get', 'se'], link)),
      1,
      '',
      new RegExp(`start it with: ${name} up\\n$`),
    );
  });
}

test('a reader that stops reading is no error', async (t) => {
  const { folder, store } = await startControlPlane(t);
  await store.apply(Array.from({ length: 2000 }, (_, index) => serviceEntry(`entry-${index}`)));
  const child = startSallyport(folder, ['get', 'se', '-o', 'json']);
  child.stdout?.once('data', () => child.stdout?.destroy());
  const ended = await finished(Object.assign(child, { stdout: null }));
  assert.deepEqual(ended, { code: 0, stdout: '', stderr: '' });
});

test('Ctrl-C ends a watch with 130 and no word', { timeout: 20_000 }, async (t) => {
  const { folder, store } = await startControlPlane(t);
  await store.apply([serviceEntry('a')]);
  const child = startSallyport(folder, ['get', 'se', '-w']);
  let seen = '';
  child.stdout?.on('data', async (chunk) => {
    const before = seen.split('\n').length;
    seen += String(chunk);
    if (before <= 2 && seen.split('\n').length > 2) await store.apply([serviceEntry('b')]);
    if (/^b /m.test(seen)) child.kill('SIGINT');
  });
  const { code, stderr } = await finished(Object.assign(child, { stdout: null }));
  assert.deepEqual({ code, stderr }, { code: 130, stderr: '' });
  assert.match(seen, /^NAME .*\na .*\nb .*\n$/);
});

test('Ctrl-C ends the wait for standard input', { timeout: 20_000 }, async (t) => {
  const folder = await temporaryDataFolder(t);
  const child = startSallyport(folder, ['apply', '-f', '-']);
  // More than a pipe holds: written to the end only when the program reads.
  const read = new Promise((resolve) => child.stdin?.write('#'.repeat(1_000_000), resolve));
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.stdin?.on('error', () => {}); // the program closes its end
  await read;
  child.kill('SIGINT');
  assert.equal(await closed, 130);
});

test('a full disk under the output is one sentence', { skip: !existsSync('/dev/full') }, async (t) => {
  const folder = await temporaryDataFolder(t);
  const full = openSync('/dev/full', 'w');
  t.after(() => closeSync(full));
  const env = { ...process.env, SALLYPORT_DATA: folder.path };
  const result = spawnSync(process.execPath, [programFile, 'version'], {
    env,
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  assert.deepEqual([result.status, result.stderr], [1, 'error: cannot write the output (ENOSPC)\n']);
});

const otherNode = ['/usr/bin/nodejs', '/usr/bin/node'].find((file) => majorOf(file) < 24);
const noOtherNode = otherNode === undefined && 'this machine has no Node older than 24';

test('an older Node hands over, with streams, exit code and signals', { skip: noOtherNode }, async (t) => {
  const folder = await temporaryDataFolder(t);
  const env = { ...process.env, SALLYPORT_DATA: folder.path };
  const result = spawnSync(otherNode ?? '', [programFile, 'apply', '-f', '-'], {
    env,
    input: 'kind: x',
    encoding: 'utf8',
  });
  assert.match(result.stderr, /^error: <stdin>:1:1 apiVersion: /);
  assert.equal(result.status, 1);
  const { folder: live } = await startControlPlane(t);
  const child = spawn(otherNode ?? '', [programFile, 'get', 'namespaces', '-w'], {
    env: { ...env, SALLYPORT_DATA: live.path },
  });
  child.stdout.once('data', () => child.kill('SIGTERM'));
  assert.equal((await finished(child)).code, 143);
});

test('an older Node alone says what is missing', { skip: noOtherNode }, async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'bin'));
  await copyFile(programFile, join(folder, 'bin/sallyport.cjs'));
  await copyFile(join(dirname(programFile), 'node-24.cjs'), join(folder, 'bin/node-24.cjs'));
  const result = spawnSync(otherNode ?? '', [join(folder, 'bin/sallyport.cjs'), 'get', 'se'], { encoding: 'utf8' });
  assert.match(
    result.stderr,
    /^error: sallyport needs Node 24 or newer, this is v\d+\.\d+\.\d+, and the package node-\S+, .*\n$/,
  );
  assert.equal(result.status, 1);
});

function majorOf(node: string): number {
  try {
    return Number(/^v(\d+)/.exec(execFileSync(node, ['--version'], { encoding: 'utf8' }))?.[1]);
  } catch {
    return Number.NaN;
  }
}

async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-test-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}
