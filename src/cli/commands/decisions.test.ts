// `logs --decisions`, with pods that are known and pods that are gone, and over a restart of the control plane.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { assertResult, startMeshForCli, startSallyport } from '../../../test/support/run-sallyport.ts';
import { until } from '../../../test/support/until.ts';
import type { PodStatus } from '../../runtime/protocol.ts';
import { serveApi } from '../../server/serve.ts';
import { memoryLedger } from '../../server/testing/memory-ledger.ts';
import { decision } from '../../server/testing/traffic.ts';
import type { DecisionBody } from '../../server/wire.ts';
import { openLocalStore } from '../../store/local/local-store.ts';

function pod(name: string, workload: string): PodStatus {
  const dns = { address: '', port: 53 };
  const running = { phase: 'Running', ready: true, restarts: 0 } as const;
  return {
    namespace: 'default',
    name,
    uid: name,
    workload,
    podIP: '',
    appIP: '',
    proxyIP: '',
    proxyUid: 1,
    xdsPath: '',
    dns,
    dnsRelay: dns,
    app: running,
    proxy: running,
    logs: { app: '', access: '', envoy: '' },
  };
}

function of(workload: string, podName: string, namespace = 'default') {
  return decision({
    source: { namespace, workload, pod: podName, identity: '' },
    destination: { kind: 'blocked', host: `${podName}.example`, port: 443 },
    reason: 'not registered',
  });
}

async function started(t: TestContext) {
  const traffic = memoryLedger();
  traffic.commit({
    decisions: [
      of('web', 'web-1'),
      of('web', 'web-2'),
      of('db', 'db'),
      of('gone', 'gone-1'),
      of('web', 'web-9', 'other'),
      { ...of('db', 'db'), lastAt: Date.now() },
    ],
  });
  const mesh = await startMeshForCli(t, {
    traffic,
    pods: () => [pod('web-1', 'web'), pod('web-2', 'web'), pod('db', 'db')],
  });
  for (const name of ['web-1', 'db']) {
    const metadata = { name, namespace: 'default', labels: { tier: name } };
    await mesh.store.apply([{ apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [] } }]);
  }
  const ids = async (line: string) => {
    const { stdout, stderr, code } = await mesh.run(`logs --decisions -o json ${line}`.trim());
    assert.deepEqual([code, stderr], [0, ''], line);
    return stdout
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => (JSON.parse(text) as DecisionBody).id);
  };
  return { ...mesh, traffic, ids };
}

test('decisions of the mesh, of a namespace, of a workload, of a pod, of a selection', async (t) => {
  const { ids } = await started(t);
  assert.deepEqual(await ids(''), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(await ids('-n other'), [5]);
  assert.deepEqual(await ids('web'), [1, 2]);
  assert.deepEqual(await ids('deploy/web'), [1, 2]);
  assert.deepEqual(await ids('pod/web-2'), [2]);
  assert.deepEqual(await ids('web-2'), [2]);
  assert.deepEqual(await ids('db'), [3, 6]);
  assert.deepEqual(await ids('db.default -n other'), [3, 6]);
  assert.deepEqual(await ids('-l tier=web-1'), [1, 2]);
  assert.deepEqual(await ids('-l tier=web-1 --tail 1'), [2]);
  assert.deepEqual(await ids('--tail 2'), [5, 6]);
  assert.deepEqual(await ids('--tail 0'), []);
  assert.deepEqual(await ids('--since 5m'), [6]);
});

test('a workload that is gone has left its decisions; one that never was has none', async (t) => {
  const { ids, run } = await started(t);
  assert.deepEqual(await ids('gone'), [4]);
  assert.deepEqual(await ids('deploy/gone'), [4]);
  assertResult(await run('logs --decisions nobody'), 1, '', /^error: no workload 'nobody' in namespace 'default'\n/);
  assertResult(await run('logs --decisions -l a=b'), 0, '', 'No resources found in default namespace.\n');
});

test('for people a line each', async (t) => {
  const { run } = await started(t);
  const line = '2026-01-01T00:00:01.000Z  blocked      default/web  web-1.example:443  ×3  not registered\n';
  assertResult(await run('logs --decisions pod/web-1'), 0, line);
});

test('wrong usage', async (t) => {
  const { run } = await started(t);
  assertResult(await run('logs web --since 5m'), 2, '', /--since goes with --decisions/);
  assertResult(await run('logs web --decisions -c istio-proxy'), 2, '', /exclude each other/);
  assertResult(await run('logs web --decisions -l a=b'), 2, '', /exclude each other/);
  assertResult(await run('logs web --decisions --since soon'), 2, '', /'soon' is no duration/);
});

test('what is followed goes on over a restart of the control plane, none lost and none twice', {
  timeout: 30_000,
}, async (t) => {
  const plane = await started(t);
  const { folder, traffic } = plane;
  const child = startSallyport(folder, ['logs', '--decisions', '-f', '--tail', '1', '-o', 'json']);
  let text = '';
  let said = '';
  child.stdout?.on('data', (chunk) => {
    text += String(chunk);
  });
  child.stderr?.on('data', (chunk) => {
    said += String(chunk);
  });
  const ids = () => [...text.matchAll(/^\{"id":(\d+),/gm)].map(([, id]) => Number(id));
  const seen = (...expected: readonly number[]) =>
    until(`decisions ${expected}`, () => String(ids()) === String(expected), 20_000).catch((error: unknown) => {
      throw new Error(`${text}\n${said}`, { cause: error });
    });
  await seen(6);
  await until('it listens', () => traffic.listeners() > 0);
  traffic.commit({ decisions: [of('web', 'web-1')] });
  await seen(6, 7);
  await plane.close();
  traffic.commit({ decisions: [of('web', 'web-1'), of('web', 'web-2')] });
  await until('it says that it waits', () => said.includes('does not answer; waiting'));
  const store = await openLocalStore({ file: folder.storeFile });
  const again = await serveApi({ ...plane.deps, store }, { socketPath: folder.apiSocket });
  t.after(async () => {
    await again.close();
    await store.close();
  });
  await seen(6, 7, 8, 9);
  traffic.commit({ decisions: [of('db', 'db')] });
  await seen(6, 7, 8, 9, 10);
  child.kill('SIGINT');
  assert.equal(await new Promise((resolve) => child.once('close', resolve)), 130);
  assert.equal(said, 'the control plane does not answer; waiting for it\n');
});
