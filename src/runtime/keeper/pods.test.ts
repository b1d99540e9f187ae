import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { until, untilFits } from '../../../test/support/until.ts';
import { dataFolder } from '../../platform/data-folder.ts';
import { createLogger } from '../../platform/log.ts';
import { findEnvoy } from '../envoy-supply/find-envoy.ts';
import type { KeeperEvent, PodSpec, PodStatus } from '../protocol.ts';
import { readPodRecords } from './pod-record.ts';
import { createPods, type Pods } from './pods.ts';
import { identifyProcess } from './process-id.ts';
import { makeRunFolder, runFiles } from './run-files.ts';
import { bareCapture } from './testing/bare-capture.ts';
import { podSpec, staticBootstrap } from './testing/pod-spec.ts';

const root = mkdtempSync(join(tmpdir(), 'sallyport-pods-'));
const folder = { ...dataFolder(join(root, 'data')), runPath: join(root, 'run') };
const key = { namespace: 'default', name: 'web-1' };
const delays = { firstMs: 60_000, longestMs: 60_000, forgiveMs: 600_000 };
const events: KeeperEvent[] = [];
let envoy: string;
let pods: Pods;

before(async () => {
  envoy = (await findEnvoy()).path;
  makeRunFolder(folder.runPath);
  pods = newPods();
});
afterEach(async () => {
  await pods.removeAll();
  events.length = 0;
});
after(() => rmSync(root, { recursive: true, force: true }));

function newPods(readyMs = 20_000): Pods {
  return createPods({
    dataFolder: folder,
    capture: bareCapture(folder.runPath, envoy),
    restarts: { program: delays, envoy: delays },
    readyMs,
    publish: (event) => events.push(event),
    log: createLogger('test'),
  });
}

async function start(change: Partial<PodSpec> = {}, name = key.name): Promise<PodStatus> {
  const place = await pods.putSandbox({ ...key, name }, { uid: 'uid-1' });
  return pods.putPod(
    { ...key, name },
    podSpec({ bootstrap: staticBootstrap(`${place.xdsPath}/admin.sock`), ...change }),
  );
}

function status(name = key.name): PodStatus | undefined {
  return pods.list().find((pod) => pod.name === name);
}

function running(pod: PodStatus | undefined): boolean {
  return pod?.app.phase === 'Running' && pod.proxy.phase === 'Running';
}

test('Envoy becomes ready, then the program starts; its output is in its log', async () => {
  const first = await start({ command: ['sh', '-c', 'echo out; echo err >&2; exec sleep 600'] });
  assert.equal(first.proxy.phase, 'Pending');
  assert.equal(first.app.phase, 'Pending');
  const pod = await untilFits(status, running);
  const phases = events.flatMap((event) =>
    event.type === 'pod' ? [`${event.pod.proxy.phase} ${event.pod.app.phase}`] : [],
  );
  assert.ok(phases.indexOf('Running Pending') >= 0 && phases.at(-1) === 'Running Running', phases.join(', '));
  await untilFits(
    () => readFileSync(pod?.logs.app ?? '', 'utf8'),
    (text) => text === 'out\nerr\n',
  );
  assert.match(readFileSync(pod?.logs.envoy ?? '', 'utf8'), /starting main dispatch loop/);
  const files = runFiles(folder.runPath, 0);
  assert.equal(statSync(files.bootstrap).mode & 0o777, 0o600);
  assert.equal(statSync(files.xdsPath).mode & 0o777, 0o700);
});

test('the same spec again changes nothing; another one restarts only what it touches', async () => {
  const spec = podSpec({ bootstrap: staticBootstrap(runFiles(folder.runPath, 0).adminSocket) });
  await start(spec);
  const first = await untilFits(status, running);
  await pods.putPod(key, structuredClone(spec));
  assert.deepEqual(status(), first);
  await pods.putPod(key, { ...spec, env: { ...spec.env, MORE: '1' } });
  const second = await untilFits(status, running);
  assert.equal(second?.proxy.pid, first?.proxy.pid);
  assert.notEqual(second?.app.pid, first?.app.pid);
  await pods.putPod(key, { ...spec, env: { ...spec.env, MORE: '1' }, envoyArgs: ['--drain-time-s', '3'] });
  const third = await untilFits(status, running);
  assert.notEqual(third?.proxy.pid, second?.proxy.pid);
  assert.equal(third?.app.pid, second?.app.pid);
  const words = readFileSync(`/proc/${third?.proxy.pid}/cmdline`, 'utf8').split('\0');
  assert.deepEqual(words.slice(words.indexOf('--drain-time-s'), -1), ['--drain-time-s', '3']);
  assert.equal(words.lastIndexOf('--drain-time-s'), words.indexOf('--drain-time-s'));
});

test('an Envoy that ends comes back, and the program runs on', async () => {
  await start();
  const first = await untilFits(status, running);
  process.kill(first?.proxy.pid ?? 0, 'SIGKILL');
  const second = await untilFits(status, (pod) => running(pod) && pod?.proxy.restarts === 1);
  assert.equal(second?.app.pid, first?.app.pid);
  assert.equal(second?.app.restarts, 0);
});

test('the next keeper takes over what runs and starts what has ended', async () => {
  await start();
  await start({ restartPolicy: 'Never' }, 'once');
  const web = await untilFits(status, running);
  const once = await untilFits(() => status('once'), running);
  pods.release();
  process.kill(once?.app.pid ?? 0, 'SIGKILL');
  process.kill(once?.proxy.pid ?? 0, 'SIGKILL');
  await untilFits(
    () => identifyProcess(once?.app.pid ?? 0),
    (id) => id === undefined,
  );
  pods = newPods();
  await pods.resume(readPodRecords(folder.keeperPath));
  const taken = await untilFits(status, running);
  assert.deepEqual(taken, web);
  const ended = await untilFits(
    () => status('once'),
    (pod) => pod?.proxy.phase === 'Running',
  );
  assert.equal(ended?.app.phase, 'Exited');
  assert.match(ended?.app.reason ?? '', /exit code is unknown/);
  assert.equal(ended?.proxy.restarts, 1);
  assert.deepEqual(await start({}, 'once').then(({ podIP }) => podIP), once?.podIP);
});

test('a bootstrap that Envoy refuses is told in its own words, and the program starts without it in time', async () => {
  pods = newPods(100);
  await start({ bootstrap: `{"nonsense": "${runFiles(folder.runPath, 0).adminSocket}"}` });
  const pod = await untilFits(status, (one) => one?.proxy.phase === 'CrashLoopBackOff' && one.app.phase === 'Running');
  assert.match(pod?.proxy.reason ?? '', /^ended with exit code 1: .*nonsense.*; starts again in 60 s$/);
  await pods.removeAll();
  pods = newPods();
});

test('a pod without a program is its Envoy alone', async () => {
  await start({ command: [] });
  const pod = await untilFits(status, (one) => one?.proxy.phase === 'Running');
  assert.equal(pod?.app.phase, 'Running');
  assert.equal(pod?.app.pid, pod?.proxy.pid);
});

test('removal ends everything and frees the index; only logs stay', async () => {
  await start();
  const pod = await untilFits(status, running);
  const [gone] = await Promise.all([pods.remove(key), pods.remove(key)]);
  assert.equal(gone, undefined);
  assert.equal(identifyProcess(pod?.app.pid ?? 0), undefined);
  assert.equal(identifyProcess(pod?.proxy.pid ?? 0), undefined);
  assert.deepEqual(readPodRecords(folder.keeperPath), []);
  assert.deepEqual(readdirSync(join(folder.runPath, 'x')), []);
  assert.deepEqual(
    events.filter(({ type }) => type === 'gone'),
    [{ type: 'gone', ...key }],
  );
  assert.equal((await start({}, 'other')).podIP, pod?.podIP);
});

/** Milliseconds from the end of the program to that of its Envoy. */
async function envoyOutlives(pod: PodStatus | undefined, ending: Promise<void>): Promise<number> {
  const gone = (pid = 0) => until(`${pid} is gone`, () => identifyProcess(pid) === undefined);
  await gone(pod?.app.pid);
  const since = performance.now();
  await gone(pod?.proxy.pid);
  const outlived = performance.now() - since;
  await ending;
  return outlived;
}

test('an Envoy outlives its program for as long as its last numbers take', async () => {
  await start();
  const pod = await untilFits(status, running);
  const outlived = await envoyOutlives(pod, pods.remove(key));
  assert.ok(outlived >= 1200, `${outlived} ms`);
});

test('nothing is waited for where the program ended long ago, or the mesh ends', async () => {
  await start({ command: ['true'], restartPolicy: 'Never' });
  const ended = await untilFits(status, (pod) => pod?.app.phase === 'Exited' && pod.proxy.ready);
  const since = performance.now();
  await until('it ended long ago', () => performance.now() - since > 1_500);
  const outlived = await envoyOutlives(ended, pods.remove(key));
  assert.ok(outlived < 1000, `${outlived} ms after the request`);

  await start();
  const pod = await untilFits(status, running);
  const atOnce = await envoyOutlives(pod, pods.removeAll());
  assert.ok(atOnce < 1000, `${atOnce} ms`);
});

test('records of a pod outlive it, also when another one takes its name', async () => {
  await start();
  const first = await untilFits(status, running);
  const file = first?.logs.records ?? '';
  assert.equal(readlinkSync(`/proc/${first?.proxy.pid}/cwd`), dirname(file));
  writeFileSync(file, 'unread\n');
  await pods.removeAll();
  const again = await start({ uid: 'uid-2' });
  assert.notEqual(again.logs.records, file);
  assert.equal(readFileSync(file, 'utf8'), 'unread\n');
});

test('a pod that is put while it is removed is made anew', async () => {
  await start();
  const first = await untilFits(status, running);
  const removed = pods.remove(key);
  const again = start({ uid: 'uid-2' });
  await removed;
  assert.equal((await again).uid, 'uid-2');
  const second = await untilFits(status, running);
  assert.notEqual(second?.app.pid, first?.app.pid);
});
