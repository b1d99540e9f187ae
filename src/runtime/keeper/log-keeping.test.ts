// Records under a real Envoy that is busy: rotated again and again, no line lost or doubled.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { httpCall } from '../../../test/support/http-client.ts';
import { freePort } from '../../../test/support/ports.ts';
import { until, untilFits } from '../../../test/support/until.ts';
import { dataFolder } from '../../platform/data-folder.ts';
import { createLogger } from '../../platform/log.ts';
import { findEnvoy } from '../envoy-supply/find-envoy.ts';
import { startLogKeeping } from './log-keeping.ts';
import { createPods } from './pods.ts';
import { makeRunFolder } from './run-files.ts';
import { bareCapture } from './testing/bare-capture.ts';
import { podSpec, staticBootstrap } from './testing/pod-spec.ts';

const key = { namespace: 'default', name: 'web-1' };

function temporaryFolder(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'sallyport-log-keeping-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return { ...dataFolder(join(root, 'data')), runPath: join(root, 'run') };
}

test('a busy Envoy’s records are rotated: every request is in one file', async (t) => {
  const folder = temporaryFolder(t);
  makeRunFolder(folder.runPath);
  const delays = { firstMs: 60_000, longestMs: 60_000, forgiveMs: 600_000 };
  const pods = createPods({
    dataFolder: folder,
    capture: bareCapture(folder.runPath, (await findEnvoy()).path),
    restarts: { program: delays, envoy: delays },
    readyMs: 20_000,
    publish: () => undefined,
    log: createLogger('test'),
  });
  t.after(() => pods.removeAll());
  const port = await freePort();
  const { xdsPath } = await pods.putSandbox(key, { uid: 'uid-1' });
  const bootstrap = staticBootstrap(`${xdsPath}/admin.sock`, { address: '127.0.0.1', port });
  await pods.putPod(key, podSpec({ bootstrap, command: [] }));
  const { logs } = await untilFits(
    () => pods.list()[0],
    (pod) => pod?.proxy.ready === true,
  ).then((pod) => pod ?? assert.fail());
  const records = logs.records ?? '';

  const recordsBounds = { largest: 1000, most: 100, keepMs: 3_600_000 };
  const keeping = startLogKeeping({ dataFolder: folder, pods: pods.list, log: createLogger('test'), recordsBounds });
  t.after(() => keeping.stop());
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  t.after(() => agent.destroy());
  let asked = 0;
  let busy = true;
  const ask = async () => {
    while (busy) await httpCall({ port, host: 'a', path: `/${asked++}`, agent });
  };
  const asking = Promise.all([ask(), ask(), ask(), ask()]);
  const present = () => readdirSync(dirname(records));
  // Envoy opens its file anew when it next writes.
  const rotated = () => ['records.log', 'records.log.3'].every((name) => present().includes(name));
  await until('it was rotated three times and goes on', rotated, 20_000);
  busy = false;
  await asking;
  // At its end Envoy writes what it has buffered.
  await pods.removeAll();

  const files = present().map((name) => readFileSync(join(dirname(records), name), 'utf8'));
  const lines = files.flatMap((text) => text.split('\n').slice(0, -1));
  const wanted = Array.from({ length: asked }, (_, index) => `/${index}`);
  assert.deepEqual(lines.toSorted(), wanted.toSorted());
  assert.ok(files.length >= 4 && asked > 100, `${asked} requests in ${files.length} files`);
  const accessed = readFileSync(logs.access, 'utf8').split('\n').slice(0, -1);
  assert.equal(accessed.length, asked, 'the access log on standard output goes on too');
});

test('what cannot be rotated is said once, and ends nothing', async (t) => {
  const folder = temporaryFolder(t);
  const lines: { msg: string; path: string }[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => lines.push(JSON.parse(line)) });
  const records = join(folder.logsPath, 'default/web-1/records-1/records.log');
  mkdirSync(`${records}.1/in-the-way`, { recursive: true });
  mkdirSync(`${records}.2/in-the-way`, { recursive: true });
  mkdirSync(records);
  const bounds = { largest: -1, most: 2, keepMs: 0 };
  let passes = 0;
  const pod = {
    ...key,
    ...{ podIP: '', appIP: '', proxyIP: '', proxyUid: 0, xdsPath: folder.runPath, uid: '', workload: '' },
    ...{ dns: { address: '', port: 0 }, dnsRelay: { address: '', port: 0 } },
    app: { phase: 'Running', ready: true, restarts: 0 },
    proxy: { phase: 'Running', ready: true, restarts: 0 },
    logs: { app: '', access: '', envoy: '', records },
  } as const;
  const pods = () => {
    passes += 1;
    return [pod];
  };
  const keeping = startLogKeeping({ dataFolder: folder, pods, log, recordsBounds: bounds });
  t.after(() => keeping.stop());
  await until('it was tried three times', () => passes === 3, 20_000);
  assert.deepEqual(
    lines.map(({ msg, path }) => [msg, path]),
    [['records could not be rotated', records]],
  );
  assert.ok(statSync(records).isDirectory());
});
