// Alerts over the API, in front of the real ledger.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startControlPlane, temporaryDataFolder } from '../../../test/support/control-plane.ts';
import { requestJson } from '../../platform/unix-http.ts';
import { openLedger } from '../../telemetry/ledger/open-ledger.ts';
import { batch, blocked, observation, workload } from '../../telemetry/ledger/testing/events.ts';
import { alertSchema, alertsSchema } from '../schemas/alert-schema.ts';
import { readEvents } from '../testing/event-reader.ts';

const now = { at: Date.now(), source: workload('web', 'shop') };
const bare = observation({ ...now, destination: { kind: 'passthrough', host: '192.0.2.7', port: 80 } });
const burst = blocked('evil.example.com', { ...now, requests: 6 });

async function started(t: TestContext) {
  const folder = await temporaryDataFolder(t);
  const ledger = openLedger({ file: `${folder.path}/ledger.db` });
  t.after(() => ledger.close());
  const plane = await startControlPlane(t, { traffic: ledger, acknowledge: ledger.acknowledge });
  const commit = (...observations: readonly (typeof bare)[]) => ledger.commit(batch({ observations }));
  const list = async (query = '') => {
    const { alerts } = alertsSchema.parse(await (await fetch(`${plane.url}/v1/alerts${query}`)).json());
    return alerts.map(({ id, kind, state, count }) => `${id} ${kind} ${state} ${count}`);
  };
  const acknowledge = (id: string) =>
    requestJson({ socketPath: plane.folder.apiSocket, path: `/v1/alerts/${id}/acknowledge`, method: 'POST' });
  return { ...plane, commit, list, acknowledge };
}

test('alerts are listed by what is asked, and counted in metrics', async (t) => {
  const { commit, list, url } = await started(t);
  commit(bare, burst);
  assert.deepEqual(await list(), ['1 ip-literal open 1', '2 blocked-burst open 6']);
  assert.deepEqual(await list('?kind=blocked-burst&state=open&namespace=shop&workload=web&since=1h'), [
    '2 blocked-burst open 6',
  ]);
  assert.deepEqual(await list('?namespace=other'), []);
  for (const query of ['?kind=x', '?state=closed', '?knd=ip-literal', '?since=yesterday']) {
    assert.equal((await fetch(`${url}/v1/alerts${query}`)).status, 400, query);
  }
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^sallyport_alerts\{kind="blocked-burst",severity="warning",state="open"\} 1$/m);
  assert.match(metrics, /^sallyport_alerts\{kind="bytes-out",severity="critical",state="open"\} 0$/m);
});

test('who knows of one says so; a page of another origin, or without a session, may not', async (t) => {
  const { commit, list, acknowledge, url } = await started(t);
  commit(bare);
  const path = `${url}/v1/alerts/1/acknowledge`;
  assert.equal((await fetch(path, { method: 'POST' })).status, 403);
  assert.equal((await fetch(path, { method: 'POST', headers: { origin: 'http://evil.example' } })).status, 403);
  assert.deepEqual(await list(), ['1 ip-literal open 1']);
  const { status, body } = await acknowledge('1');
  assert.equal(status, 200);
  assert.equal(alertSchema.parse(body).state, 'acknowledged');
  assert.equal((await acknowledge('1')).status, 200, 'once more is no mistake');
  for (const id of ['2', 'x', '-1', '9'.repeat(40)]) assert.equal((await acknowledge(id)).status, 404, id);
  commit(bare);
  assert.deepEqual(await list(), ['1 ip-literal acknowledged 2']);
});

test('the event stream tells those that go on, then each that comes or changes', { timeout: 20_000 }, async (t) => {
  const { commit, acknowledge, url } = await started(t);
  commit(bare);
  const reader = await readEvents(t, `${url}/v1/events?topics=alerts`);
  const told = () =>
    reader.events.map(({ data }) => alertsSchema.parse(data).alerts.map(({ id, state }) => `${id} ${state}`));
  await reader.until(({ length }) => length === 1);
  commit(burst);
  await reader.until(({ length }) => length === 2);
  await acknowledge('1');
  await reader.until(({ length }) => length === 3);
  assert.deepEqual(told(), [['1 open'], ['2 open'], ['1 acknowledged']]);
});
