// The keeper as a process, on real namespaces: what outlives it, what is taken over, and that nothing is left.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { needs } from '../../../test/support/requires.ts';
import { untilFits } from '../../../test/support/until.ts';
import { dataFolder } from '../../platform/data-folder.ts';
import { askUdp, query } from '../dns/testing/ask.ts';
import { findEnvoy } from '../envoy-supply/find-envoy.ts';
import type { KeeperEvent, PodSpec, PodStatus } from '../protocol.ts';
import { createKeeperClient } from './client.ts';
import { identifyProcess } from './process-id.ts';
import { ensureKeeper } from './spawn.ts';
import { stopEverything } from './stop-everything.ts';
import { podSpec, staticBootstrap } from './testing/pod-spec.ts';

const options = needs('root', 'iproute2', 'firewall');
const root = join(tmpdir(), `sallyport-keeper-${process.pid}`);
const folder = dataFolder(join(root, 'data'), {});
const client = createKeeperClient(folder.keeperSocket);
const forwarding = '/proc/sys/net/ipv4/ip_forward';
const namespace = 'shop';
const listening = new AbortController();
let envoy: string;
let forwardingBefore: string;

function ensure(path = envoy) {
  return ensureKeeper({ dataFolder: folder, envoy: path, capture: 'redirect' });
}

async function start(name: string, change: Partial<PodSpec> = {}): Promise<PodStatus> {
  const place = await client.ensureSandbox(namespace, name, { uid: 'uid-1' });
  const listener = { address: '0.0.0.0', port: 15_001 };
  const bootstrap = staticBootstrap(`${place.xdsPath}/admin.sock`, listener);
  const relayed = { hostname: name, bootstrap, ...change };
  return client.putPod(namespace, name, podSpec(relayed));
}

async function status(name: string): Promise<PodStatus | undefined> {
  return (await client.pods()).find((pod) => pod.name === name);
}

function running(pod: PodStatus | undefined): boolean {
  return pod?.app.phase === 'Running' && pod.proxy.phase === 'Running';
}

/** What a command inside the pod says, and its exit code. */
async function inside(name: string, ...command: readonly string[]) {
  const plan = await client.execPlan(namespace, name);
  const [program = '', ...args] = [...(plan?.argv ?? []), ...command];
  const { status: code, stdout, stderr } = spawnSync(program, args, { env: { ...plan?.env }, encoding: 'utf8' });
  return { code, stdout, stderr };
}

/** Asks the pod's DNS from the host; undefined when nobody answers. */
async function resolve(pod: PodStatus, name: string): Promise<string | undefined> {
  const { address, port } = pod.dns;
  const heard = await askUdp(port, query(name), address).catch(() => undefined);
  return heard?.addresses.join(' ');
}

function traces(): string {
  const links = execFileSync('ip', ['-brief', 'link'], { encoding: 'utf8' });
  const namespaces = execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  const tables = spawnSync('nft', ['list', 'tables'], { encoding: 'utf8' }).stdout ?? '';
  return [links, namespaces, tables]
    .join('')
    .split('\n')
    .filter((line) => line.includes(folder.id))
    .join('\n');
}

describe('the keeper', options, () => {
  before(async () => {
    mkdirSync(folder.path, { recursive: true, mode: 0o700 });
    envoy = (await findEnvoy()).path;
    forwardingBefore = readFileSync(forwarding, 'utf8');
  });
  after(async () => {
    listening.abort();
    await stopEverything(folder);
    rmSync(root, { recursive: true, force: true });
  });

  test('without an Envoy it says so and leaves nothing', async () => {
    const reason = /the keeper did not start: \/nonexistent\/envoy cannot run sidecars/;
    await assert.rejects(ensure('/nonexistent/envoy'), { code: 'SP_KEEPER_FAILED', message: reason });
    assert.equal(traces(), '');
  });

  test('it starts once, and a second one exits', async () => {
    const first = await ensure();
    assert.equal(first.started, true);
    assert.equal(first.status.capture, 'redirect');
    assert.ok(first.status.hostChanges.length > 0);
    assert.equal(statSync(folder.keeperSocket).mode & 0o777, 0o600);
    assert.deepEqual(await ensure(), { ...first, started: false });
    const entry = new URL('./keeper-process.ts', import.meta.url).pathname;
    const settings = JSON.stringify({ data: folder.path, envoy, capture: 'redirect' });
    const second = spawnSync(process.execPath, [entry, settings], { encoding: 'utf8' });
    assert.equal(second.status, 1);
    assert.match(second.stderr, /^error: another keeper runs for /);
  });

  test('a pod runs behind its Envoy; exec passes streams and exit code; logs are written', async () => {
    await start('web', { command: ['sh', '-c', 'echo hello; exec sleep 600'] });
    const pod = await untilFits(() => status('web'), running);
    assert.ok(pod);
    await untilFits(
      () => readFileSync(pod.logs.app, 'utf8'),
      (text) => text === 'hello\n',
    );
    const asked = await inside('web', 'curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', 'http://192.0.2.1/asked');
    assert.deepEqual(asked, { code: 0, stdout: '200', stderr: '' });
    assert.equal((await inside('web', 'sh', '-c', 'exit 7')).code, 7);
    await untilFits(
      () => readFileSync(pod.logs.access, 'utf8'),
      (text) => text.includes('GET /asked'),
    );
    assert.equal(statSync(pod.xdsPath).uid, pod.proxyUid);
    const uid = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pod.proxy.pid}/status`, 'utf8'))?.[1];
    assert.equal(Number(uid), pod.proxyUid);
  });

  test('records go where the Envoy’s user and root may go, and the program may not', async () => {
    const pod = await untilFits(() => status('web'), running);
    const file = pod?.logs.records ?? '';
    await untilFits(
      () => readFileSync(file, 'utf8'),
      (text) => text.includes('/asked\n'),
    );
    const recordsFolder = dirname(file);
    const { uid, mode } = statSync(recordsFolder);
    assert.deepEqual([uid, mode & 0o777], [pod?.proxyUid, 0o700]);
    assert.equal(statSync(file).uid, pod?.proxyUid);
    assert.equal(statSync(dirname(recordsFolder)).uid, 0);
    for (const path of [file, recordsFolder, `${dirname(pod?.xdsPath ?? '')}/work`]) {
      const { code, stdout, stderr } = await inside('web', 'ls', path);
      assert.deepEqual([code, stdout], [2, ''], path);
      assert.match(stderr, /No such file or directory/);
    }
    assert.equal((await inside('web', 'ls', folder.path)).stdout, '');
  });

  test('exit codes and crash loops are told', async () => {
    await start('once', { command: ['sh', '-c', 'echo bye; exit 3'], restartPolicy: 'Never' });
    const once = await untilFits(
      () => status('once'),
      (pod) => pod?.app.phase === 'Exited',
    );
    assert.equal(once?.app.exitCode, 3);
    assert.equal(once?.app.reason, 'ended with exit code 3: bye');
    await start('loop', { command: ['sh', '-c', 'echo sorry >&2; exit 1'] });
    const loop = await untilFits(
      () => status('loop'),
      (pod) => pod?.app.phase === 'CrashLoopBackOff',
    );
    assert.equal(loop?.app.restarts, 1);
    assert.equal(loop?.app.reason, 'ended with exit code 1: sorry; starts again in 10 s');
    await client.deletePod(namespace, 'once');
    await client.deletePod(namespace, 'loop');
  });

  test('killed, it is replaced by one that takes over: nothing restarts, DNS answers again', async () => {
    await client.putConfig({ records: [{ name: 'shop.test', addresses: ['192.0.2.7'] }], resolve: [] });
    const before = await untilFits(() => status('web'), running);
    assert.ok(before);
    assert.equal(await resolve(before, 'shop.test'), '192.0.2.7');
    const events: KeeperEvent[] = [];
    const following = (async () => {
      for await (const event of client.events(listening.signal)) events.push(event);
    })();
    await untilFits(
      () => events,
      (list) => list.length === 1,
    );
    process.kill((await client.status()).pid, 'SIGKILL');
    assert.equal((await ensure()).started, true);
    assert.deepEqual(await status('web'), before);
    assert.equal(await resolve(before, 'shop.test'), '192.0.2.7');
    await untilFits(
      () => events,
      (list) => list.length >= 2,
    );
    for (const event of events) assert.ok(event.type === 'pod' && event.pod.app.restarts === 0);
    assert.equal((await inside('web', 'sh', '-c', 'exit 7')).code, 7);
    process.kill(before.app.pid ?? 0, 'SIGKILL');
    await untilFits(
      () => status('web'),
      (pod) => running(pod) && pod?.app.restarts === 1,
    );
    await untilFits(
      () => events.at(-1),
      (event) => event?.type === 'pod' && event.pod.app.restarts === 1,
    );
    listening.abort();
    await following;
  });

  test('a signal ends the keeper and nothing else', async () => {
    const before = await untilFits(() => status('web'), running);
    const { pid } = await client.status();
    process.kill(pid, 'SIGTERM');
    await untilFits(
      () => identifyProcess(pid),
      (id) => id === undefined,
    );
    assert.ok(identifyProcess(before?.app.pid ?? 0) && identifyProcess(before?.proxy.pid ?? 0));
    await ensure();
    assert.deepEqual(await status('web'), before);
  });

  test('a shutdown leaves nothing', async () => {
    const pod = await untilFits(() => status('web'), running);
    const { pid } = await client.status();
    const { ended, undone } = await stopEverything(folder);
    assert.equal(ended, 2);
    assert.ok(undone.length > 0);
    for (const each of [pid, pod?.app.pid, pod?.proxy.pid]) assert.equal(identifyProcess(each ?? 0), undefined);
    assert.equal(traces(), '');
    assert.equal(existsSync(folder.runPath), false);
    assert.equal(readFileSync(forwarding, 'utf8'), forwardingBefore);
    assert.deepEqual(await stopEverything(folder), { undone: [], ended: 0 });
  });

  test('everything ends also where the keeper was killed', async () => {
    const { status: keeper } = await ensure();
    await start('web');
    const pod = await untilFits(() => status('web'), running);
    process.kill(keeper.pid, 'SIGKILL');
    const { ended } = await stopEverything(folder);
    assert.equal(ended, 2);
    for (const each of [pod?.app.pid, pod?.proxy.pid]) assert.equal(identifyProcess(each ?? 0), undefined);
    assert.equal(traces(), '');
    assert.equal(existsSync(folder.runPath), false);
    assert.equal(readFileSync(forwarding, 'utf8'), forwardingBefore);
  });
});
