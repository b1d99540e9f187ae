// What holds for host pods in both captures: addresses, environment, end, take-over.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { after, test } from 'node:test';
import { until } from '../../../../test/support/until.ts';
import type { PodStatus } from '../../protocol.ts';
import { environmentOf, type KeptMesh, namespace, processesWith } from './kept-mesh.ts';
import { podSpec } from './pod-spec.ts';

export const port = 18_081;
const server = `
  require('child_process').spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).unref();
  require('http').createServer((_, response) => response.end('outside')).listen(${port}, process.argv[1], () => console.log('listens'));
`;

export async function startHostPod({ client, status }: KeptMesh, name: string, address?: string): Promise<PodStatus> {
  const request = { uid: 'uid-1', type: 'host' as const };
  const { appIP } = await client.ensureSandbox(
    namespace,
    name,
    address === undefined ? request : { ...request, address },
  );
  const command = [process.execPath, '-e', server, appIP];
  const env = { PATH: '/usr/bin:/bin', 'dotted.name': 'a b' };
  await client.putPod(namespace, name, podSpec({ hostname: name, bootstrap: '', command, env, cwd: '/usr' }));
  const pod = await status(name, ({ app }) => app.phase === 'Running');
  await until('it serves', () => readFileSync(pod.logs.app, 'utf8') === 'listens\n');
  return pod;
}

export async function execInside({ client }: KeptMesh, name: string, ...words: readonly string[]) {
  const plan = await client.execPlan(namespace, name);
  const [program = '', ...args] = [...(plan?.argv ?? []), ...words];
  const { status, stdout } = spawnSync(program, args, { env: { ...plan?.env }, cwd: plan?.cwd, encoding: 'utf8' });
  return { status, stdout };
}

/** What holds in both captures. */
export function hostPodTests(mesh: KeptMesh, address: string): void {
  after(() => mesh.remove());

  test('a host pod runs without an Envoy at the address it was given, in the host’s network', async () => {
    const pod = await startHostPod(mesh, 'outside', address);
    assert.deepEqual([pod.podIP, pod.appIP], [address, address]);
    assert.deepEqual(pod.proxy, { phase: 'Absent', ready: false, restarts: 0 });
    assert.equal(await (await fetch(`http://${address}:${port}/`)).text(), 'outside');
    const pid = pod.app.pid ?? 0;
    assert.equal(readlinkSync(`/proc/${pid}/ns/net`), readlinkSync('/proc/self/ns/net'));
    assert.equal(readlinkSync(`/proc/${pid}/cwd`), '/usr');
    const mark = `SALLYPORT_POD=${mesh.folder.id}/0/app`;
    assert.deepEqual(environmentOf(pid).toSorted(), ['PATH=/usr/bin:/bin', mark, 'dotted.name=a b']);
    assert.match(readFileSync(`/proc/${pid}/status`, 'utf8'), /^CapBnd:\s+[0-9a-f]+$/m);
    assert.deepEqual(await execInside(mesh, 'outside', 'sh', '-c', 'pwd; exit 5'), { status: 5, stdout: '/usr\n' });
  });

  test('without an address it has the host’s own', async () => {
    const pod = await startHostPod(mesh, 'local');
    assert.equal(pod.podIP, '127.0.0.1');
    await mesh.client.deletePod(namespace, 'local');
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
    assert.deepEqual(processesWith(`SALLYPORT_POD=${mesh.folder.id}/1`), []);
  });

  test('the next keeper takes it over', async () => {
    const pod = await mesh.status('outside');
    process.kill((await mesh.keeper()).pid, 'SIGKILL');
    await mesh.keeper();
    assert.deepEqual(await mesh.status('outside'), pod);
  });
}
