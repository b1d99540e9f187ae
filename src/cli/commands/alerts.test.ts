// The command as people run it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { assertResult, startMeshForCli, startSallyport } from '../../../test/support/run-sallyport.ts';
import { memoryLedger } from '../../server/testing/memory-ledger.ts';
import { alert, flow } from '../../server/testing/traffic.ts';

async function started(t: TestContext) {
  const traffic = memoryLedger();
  const now = Date.now();
  const burst = alert({ firstAt: now - 60_000, lastAt: now - 5000 });
  const seen = alert({
    ...{ id: 2, kind: 'first-seen', severity: 'info', state: 'acknowledged', lastAt: now, count: 1 },
    source: { namespace: 'other', workload: 'db', identity: 'spiffe://cluster.local/ns/other/sa/db' },
    destination: { kind: 'passthrough', host: 'new.test', port: 80 },
    reason: 'new.test was called\nfor the first time',
  });
  traffic.commit({ alerts: [burst, seen] });
  const acknowledge = (id: number) => (id === 1 ? { ...burst, state: 'acknowledged' as const } : undefined);
  return { ...(await startMeshForCli(t, { traffic, acknowledge })), traffic, burst, seen };
}

test('alerts as a table, the gravest last; by namespace, kind and state; wide with what to do', async (t) => {
  const { run } = await started(t);
  const seen = String.raw`2 +info +first-seen +acknowledged +other/db +new\.test:80 +1 +\d+s +new\.test was called for the first time`;
  const burst = String.raw`1 +warning +blocked-burst +open +shop/web +evil\.example\.com:443 +5 +\d+s +attempted exfiltration.*`;
  assertResult(await run('alerts'), 0, new RegExp(`^ID +SEVERITY +KIND .* REASON\\n${seen}\\n${burst}\\n$`));
  assertResult(await run('alerts -n shop'), 0, new RegExp(`^ID.*\\n${burst}\\n$`));
  assertResult(await run('alerts --kind first-seen --state acknowledged'), 0, new RegExp(`^ID.*\\n${seen}\\n$`));
  assertResult(
    await run('alerts -o wide'),
    0,
    / spiffe:\/\/cluster\.local.* +sallyport logs --decisions deploy\/web -n shop\n$/,
  );
  assertResult(await run('alerts -n nowhere'), 0, '', 'No alert from namespace nowhere in the last 24h.\n');
});

test('for programs the document of the API', async (t) => {
  const { run, burst } = await started(t);
  const { alerts } = JSON.parse((await run('alerts -o json --kind blocked-burst')).stdout);
  const { firstAt, lastAt } = burst;
  assert.deepEqual(alerts, [
    { ...burst, firstAt: new Date(firstAt).toISOString(), lastAt: new Date(lastAt).toISOString() },
  ]);
  assert.match((await run('alerts -o yaml')).stdout, /^alerts:\n- id: 1\n/);
});

test('ack tells of what somebody knows now; wrong usage is told', async (t) => {
  const { run } = await started(t);
  assertResult(await run('alerts ack 1'), 0, 'alert 1 acknowledged: blocked-burst of shop/web, evil.example.com\n');
  assertResult(await run('alerts ack 7'), 1, '', /alert 7 not found/);
  assertResult(await run('alerts ack x'), 2, '', /'x' is no number of an alert/);
  assertResult(await run('alerts --kind x'), 1, '', /query parameter 'kind' is wrong/);
  assertResult(await run('alerts --since x'), 2, '', /is no duration/);
});

test('traffic says that alerts are open', async (t) => {
  const { run, traffic } = await started(t);
  traffic.commit({ flows: [flow()] });
  assertResult(await run('traffic'), 0, /shop\/web/, '1 alert is open; see sallyport alerts\n');
  assertResult(await run('traffic -n other'), 0, '', /^No traffic/);
});

test('-f goes on with those that come and change their state', { timeout: 30_000 }, async (t) => {
  const { traffic, burst, seen, folder } = await started(t);
  const child = startSallyport(folder, ['alerts', '-f', '-n', 'shop']);
  t.after(() => child.kill('SIGKILL'));
  assert.ok(child.stdout);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  assert.match(await next(), /warning +open +blocked-burst +#1 +shop\/web +evil\.example\.com:443 +×5 +attempted/);
  traffic.commit({ alerts: [{ ...burst, count: 9 }, seen, alert({ id: 3, kind: 'ip-literal' })] });
  assert.match(await next(), /open +ip-literal +#3/);
  traffic.commit({ alerts: [{ ...burst, state: 'resolved' }, seen] });
  assert.match(await next(), /resolved +blocked-burst +#1/);
  child.kill('SIGINT');
  await once(child, 'close');
});
