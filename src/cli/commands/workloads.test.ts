// logs and exec on plain pods: files and programs are real, only the keeper that would name them is not.
import assert from 'node:assert/strict';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDataFolder } from '../../../test/support/control-plane.ts';
import { assertResult, finished, startMeshForCli, startSallyport } from '../../../test/support/run-sallyport.ts';
import type { PodStatus } from '../../runtime/protocol.ts';

function pod(name: string, workload: string, logs: string, startedAt = ''): PodStatus {
  const running = { phase: 'Running', ready: true, restarts: 0, startedAt } as const;
  const network = { podIP: '10.0.0.1', appIP: '10.0.0.1', proxyIP: '10.0.0.2', proxyUid: 1, xdsPath: '/x' };
  const dns = { address: '10.0.0.3', port: 53 };
  return {
    ...network,
    dns,
    dnsRelay: dns,
    namespace: 'default',
    name,
    uid: name,
    workload,
    app: running,
    proxy: running,
    logs: { app: join(logs, `${name}.app`), access: join(logs, `${name}.access`), envoy: join(logs, `${name}.envoy`) },
  };
}

async function echoMesh(t: Parameters<typeof startMeshForCli>[0]) {
  const { path } = await temporaryDataFolder(t);
  const pods = [pod('echo-1', 'echo', path), pod('egress', 'egress', path)];
  const env = { PATH: process.env['PATH'] ?? '', GREETING: 'hello' };
  const mesh = await startMeshForCli(t, {
    pods: () => pods,
    execPlan: async (_, name) =>
      name === 'echo-1' ? { argv: ['env', 'INSIDE=yes'], env } : { argv: [], env, cwd: '/usr' },
  });
  const metadata = {
    name: 'egress',
    namespace: 'default',
    labels: { 'gateway-name': 'egress', 'gateway-type': 'egress' },
  };
  await mesh.store.apply([{ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] } }]);
  return { ...mesh, path };
}

test('of several pods the youngest is shown, and said so; a selection shows all', async (t) => {
  const { path } = await temporaryDataFolder(t);
  const pods = [
    { ...pod('web-1', 'web', path, '2026-01-01T00:00:02Z'), labels: {} },
    { ...pod('web-2', 'web', path, '2026-01-01T00:00:01Z'), labels: {} },
  ];
  const { run, store } = await startMeshForCli(t, { pods: () => pods });
  for (const { name } of pods) {
    await writeFile(join(path, `${name}.app`), `${name}\n`);
    const metadata = { name, namespace: 'default', labels: { app: 'web' } };
    await store.apply([{ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] } }]);
  }
  assertResult(await run('logs deploy/web'), 0, 'web-1\n', 'Found 2 pods, using pod/web-1\n');
  assertResult(await run('logs pod/web-2'), 0, 'web-2\n');
  assertResult(await run('logs -l app=web'), 0, 'web-1\nweb-2\n');
});

test('logs shows the program, or the access log', async (t) => {
  const { run, path } = await echoMesh(t);
  await writeFile(join(path, 'echo-1.app'), 'one\ntwo\nthree\n');
  await writeFile(join(path, 'egress.access'), Array.from({ length: 12 }, (_, index) => `line ${index}\n`).join(''));
  assertResult(await run('logs echo'), 0, 'one\ntwo\nthree\n');
  assertResult(await run('logs deploy/echo --tail 2'), 0, 'two\nthree\n');
  assertResult(await run('logs pod/echo-1 --tail=0'), 0, '');
  assertResult(await run('logs echo -c istio-proxy'), 0, '');
  const selected = 'logs -l gateway-name=egress,gateway-type=egress -c istio-proxy';
  assertResult(await run(selected), 0, /^line 2\n[\s\S]*line 11\n$/);
  assertResult(await run(`${selected} --tail 1`), 0, 'line 11\n');
  assertResult(await run('logs -l a=b'), 0, '', 'No resources found in default namespace.\n');
  assertResult(
    await run('logs nobody'),
    1,
    '',
    /^error: no workload 'nobody' in namespace 'default'\nthere are echo\.default/,
  );
});

test('logs -f follows until Ctrl-C, also over a replaced file', { timeout: 20_000 }, async (t) => {
  const { folder, path } = await echoMesh(t);
  const file = join(path, 'echo-1.app');
  await writeFile(file, 'old\nlast\n');
  const child = startSallyport(folder, ['logs', 'echo', '-f', '--tail', '1']);
  const seen = waitingText(child.stdout);
  await seen('last\n');
  await appendFile(file, 'appended\n');
  await seen('last\nappended\n');
  await writeFile(file, 'new\n');
  await seen('last\nappended\nnew\n');
  child.kill('SIGINT');
  assert.deepEqual(await exitOf(child), { code: 130, stderr: '' });
});

test('exec passes streams, environment and exit code through', async (t) => {
  const { run } = await echoMesh(t);
  assertResult(await run('exec echo -- sh -c exit\t7'), 7, '');
  assertResult(await run('exec -ti deploy/echo -c any -- cat', 'through'), 0, 'through');
  assertResult(await run('exec pod/echo-1 -- printenv GREETING INSIDE'), 0, 'hello\nyes\n');
  assertResult(await run('exec echo -- sh -c kill\t-TERM\t$$'), 143, '');
  assertResult(await run('exec echo'), 2, '', /^error: a command is missing\n/);
  assertResult(await run('exec nobody -- true'), 1, '', /^error: no workload 'nobody'/);
});

test('exec runs a command by itself where nothing has to stand before it', async (t) => {
  const { run } = await echoMesh(t);
  assertResult(await run('exec egress -- pwd'), 0, '/usr\n');
  assertResult(await run('exec egress -- no-such-command'), 127, '', /^error: no-such-command: no such command/);
});

test('exec forwards every signal and waits for the program', { timeout: 20_000 }, async (t) => {
  const { folder } = await echoMesh(t);
  const script =
    'trap "echo int" INT; trap "echo bye; exit 5" TERM; echo ready; while echo alive >&2; do sleep 0.05; done';
  const child = startSallyport(folder, ['exec', 'echo', '--', 'sh', '-c', script]);
  t.after(() => {
    // A program left behind then ends by SIGPIPE, and keeps no test waiting.
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
  child.stderr?.resume();
  const seen = waitingText(child.stdout);
  await seen('ready\n');
  child.kill('SIGINT');
  await seen('ready\nint\n');
  child.kill('SIGINT');
  await seen('ready\nint\nint\n');
  child.kill('SIGTERM');
  await seen('ready\nint\nint\nbye\n');
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 5);
});

/** Resolves when exactly this text has come so far. */
function waitingText(stream: NodeJS.ReadableStream | null): (expected: string) => Promise<void> {
  let sofar = '';
  let check = () => {};
  stream?.on('data', (chunk) => {
    sofar += String(chunk);
    check();
  });
  return (expected) =>
    new Promise((resolve) => {
      check = () => {
        if (sofar === expected) resolve();
      };
      check();
    });
}

async function exitOf(child: ReturnType<typeof startSallyport>): Promise<{ code: number | null; stderr: string }> {
  const { code, stderr } = await finished(Object.assign(child, { stdout: null }));
  return { code, stderr };
}
