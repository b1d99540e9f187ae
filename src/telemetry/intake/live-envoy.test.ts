// A real Envoy from end to end: what it pushes and writes is what it did, also when it is killed and comes again.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../../../test/support/discovery.ts';
import { httpCall, tcpConnect } from '../../../test/support/http-client.ts';
import { startOutsideHttp, startOutsideTcp } from '../../../test/support/outside-server.ts';
import { until, untilFits } from '../../../test/support/until.ts';
import { createIntake } from './intake.ts';
import { startCountingEnvoy, startReceiver } from './testing/counting-envoy.ts';
import { createMemoryLedger } from './testing/memory-ledger.ts';
import { proxyOf, testRegistry } from './testing/mesh.ts';

test('a real Envoy: requests, connections and records, over its death', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sp-intake-'));
  t.after(() => rm(folder, { recursive: true }));
  const recordsFile = join(folder, 'records.log');
  const identity = proxyOf('echo');
  const ledger = createMemoryLedger();
  const proxies = () => [{ identity, recordsFile }];
  const intake = createIntake({ ledger, registry: testRegistry, log: silentLog, intervalMs: 50, proxies });
  t.after(() => intake.close());
  let exports = 0;
  const receiverPort = await startReceiver(t, (bytes) => {
    exports += 1;
    intake.takeExport(identity, bytes);
  });
  const outside = await startOutsideHttp({
    t,
    respond: ({ url }, response) => response.writeHead(url === '/no' ? 403 : 200).end('outside'),
  });
  const outsideTcp = await startOutsideTcp({ t });
  const ports = { receiverPort, recordsFile, httpPort: outside.port, tcpPort: outsideTcp.port };

  /** What the ledger was told, by destination. */
  function told() {
    const sums = new Map<
      string,
      { requests: number; opened: number; closed: number; unopened: number; sent: number }
    >();
    for (const {
      destination,
      protocol,
      outcome,
      requests,
      opened,
      closed,
      unopened = 0,
      metrics,
    } of ledger.observations) {
      if (metrics === undefined) continue;
      const key = `${destination.kind} ${destination.host} ${protocol} ${outcome.code} ${outcome.flags}`;
      const sum = sums.get(key) ?? { requests: 0, opened: 0, closed: 0, unopened: 0, sent: 0 };
      sums.set(key, sum);
      sum.requests += requests;
      sum.opened += opened;
      sum.closed += closed;
      sum.unopened += unopened;
      sum.sent += metrics.receivedBytes ?? 0;
    }
    return Object.fromEntries([...sums].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  const untilTold = async (expected: ReturnType<typeof told>) =>
    assert.deepEqual(
      await untilFits(told, (now) => JSON.stringify(now) === JSON.stringify(expected), 10_000),
      expected,
    );
  const request = (count: number) => ({ requests: count, opened: 0, closed: 0, unopened: 0, sent: 0 });

  const first = await startCountingEnvoy({ t, ...ports });
  const http = await first.listenerPort('http');
  for (const host of ['good.test', 'good.test', 'Evil.test', 'evil.test:81', 'pass.test'])
    await httpCall({ port: http, host });
  await httpCall({ port: http, host: 'good.test', path: '/no' });
  const blocked = await tcpConnect(await first.listenerPort('blocked'));
  blocked.on('error', () => {});
  blocked.resume();
  const ended = await tcpConnect(await first.listenerPort('tcp'));
  ended.end('hello').resume();
  const held = await tcpConnect(await first.listenerPort('tcp'));
  held.on('error', () => {});
  held.write('held');
  const expected = {
    'blocked 127.0.0.1 tcp 0 UH': { requests: 0, opened: 0, closed: 1, unopened: 1, sent: 0 },
    'blocked evil.test http 502 -': request(2),
    'external good.test http 200 -': request(2),
    'external good.test http 403 -': request(1),
    'external good.test tcp 0 -': { requests: 0, opened: 2, closed: 1, unopened: 0, sent: 5 },
    'passthrough pass.test http 200 -': request(1),
  };
  await untilTold(expected);

  process.kill(first.pid, 'SIGKILL');
  const before = exports;
  const second = await startCountingEnvoy({ t, ...ports });
  await httpCall({ port: await second.listenerPort('http'), host: 'good.test' });
  await until('the new Envoy has pushed', () => exports > before + 1);
  await untilTold({
    ...expected,
    'external good.test http 200 -': request(3),
    'external good.test tcp 0 -': { requests: 0, opened: 2, closed: 2, unopened: 0, sent: 5 },
  });

  const wire = ledger.observations.filter(({ metrics, protocol }) => metrics === undefined && protocol === 'tcp');
  const sum = (pick: (of: (typeof wire)[number]) => number) => wire.reduce((total, seen) => total + pick(seen), 0);
  assert.deepEqual([sum((seen) => seen.bytesSent), sum((seen) => seen.bytesReceived)], [9, 9], 'open connections too');
  const durations = ledger.observations.flatMap(({ metrics }) => metrics?.durations?.buckets ?? []);
  assert.equal(
    durations.reduce((total, count) => total + count, 0),
    7,
  );
  const decided = new Map<string, number>();
  for (const { signature, count } of ledger.told) decided.set(signature, (decided.get(signature) ?? 0) + count);
  assert.deepEqual(
    decided,
    new Map([
      ['unknown-host', 2],
      ['passed-unregistered', 1],
      ['unknown-address', 1],
    ]),
  );
  assert.deepEqual([...ledger.dropped()], []);
});
