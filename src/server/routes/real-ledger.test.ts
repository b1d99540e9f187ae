// The API in front of the real ledger: what was counted is what is told, by every way of asking.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startControlPlane, temporaryDataFolder } from '../../../test/support/control-plane.ts';
import { openLedger } from '../../telemetry/ledger/open-ledger.ts';
import { batch, observation, workload } from '../../telemetry/ledger/testing/events.ts';
import { decisionsSchema, flowsSchema, graphSchema } from '../schemas/traffic-schema.ts';
import { readEvents } from '../testing/event-reader.ts';
import { decision } from '../testing/traffic.ts';
import type { DecisionsBody } from '../wire.ts';

const now = { at: Date.now(), source: workload('web', 'shop') };
const called = observation({ ...now, requests: 3 });
const blocked = observation({
  ...now,
  destination: { kind: 'blocked', host: 'evil.example.com', port: 443 },
  protocol: 'tls',
  outcome: { code: 0, flags: 'UH', grpcStatus: '' },
  requests: 0,
  closed: 2,
  unopened: 2,
});
const open = observation({
  ...now,
  destination: { kind: 'passthrough', host: 'db.example.com', port: 5432 },
  protocol: 'tcp',
  requests: 0,
  opened: 1,
});

async function started(t: TestContext) {
  const folder = await temporaryDataFolder(t);
  const ledger = openLedger({ file: `${folder.path}/ledger.db` });
  t.after(() => ledger.close());
  const { url } = await startControlPlane(t, { traffic: ledger });
  const get = async (path: string) => (await fetch(`${url}${path}`)).json();
  return { ledger, url, get };
}

test('flows, graph, decisions and metrics are those that were committed', async (t) => {
  const { ledger, url, get } = await started(t);
  const dropped = new Map([['rotated-unread', 7]]);
  ledger.commit(batch({ observations: [called, blocked, open], decisions: [decision()], dropped }));

  const { flows } = flowsSchema.parse(await get('/v1/flows'));
  const counts = flows.map(({ destination, requests, connections }) => [destination.host, requests, connections]);
  assert.deepEqual(counts.sort(), [
    ['api.example.com', 3, 0],
    ['db.example.com', 0, 1],
    ['evil.example.com', 0, 2],
  ]);
  const stillOpen = flowsSchema.parse(await get('/v1/flows?open=true&namespace=shop'));
  assert.partialDeepStrictEqual(stillOpen.flows, [
    { destination: { host: 'db.example.com' }, open: 1, stillAllowed: false },
  ]);
  assert.deepEqual(flowsSchema.parse(await get('/v1/flows?namespace=other')).flows, []);

  const { edges } = graphSchema.parse(await get('/v1/graph?since=1h'));
  assert.equal(edges.find(({ target }) => target === 'blocked/evil.example.com')?.errorShare, 1);

  const { decisions, lastId } = decisionsSchema.parse(await get('/v1/decisions?host=evil.example.com'));
  assert.deepEqual([decisions.length, lastId], [1, decisions[0]?.id]);

  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^istio_requests_total\{[^}]*destination_service="api\.example\.com"[^}]*\} 3$/m);
  assert.match(metrics, /^istio_tcp_connections_closed_total\{[^}]*"BlackHoleCluster"[^}]*\} 2$/m);
  assert.match(metrics, /^sallyport_decisions_dropped_total\{reason="rotated-unread"\} 7$/m);
  assert.match(metrics, /^sallyport_build_info\{/m);
});

test('a reader of events hears of commits, and goes on in the ledger', { timeout: 20_000 }, async (t) => {
  const { ledger, url } = await started(t);
  const idsOf = (data: unknown) => (data as DecisionsBody).decisions.map(({ id }) => id);
  const reader = await readEvents(t, `${url}/v1/events?topics=flows,decisions`);
  await reader.until((events) => events.length === 1);
  const host = (name: string) => decision({ destination: { kind: 'blocked', host: name, port: 443 } });
  ledger.commit(batch({ observations: [blocked], decisions: [host('a.example'), host('b.example')] }));
  const events = await reader.until((seen) => seen.length === 3);
  const told = events.find(({ event }) => event === 'decisions');
  assert.deepEqual(idsOf(told?.data), [1, 2]);
  ledger.commit(batch({ decisions: [host('c.example')] }));
  const again = await readEvents(t, `${url}/v1/events?topics=decisions`, { 'last-event-id': told?.id ?? '' });
  const [behind] = await again.until((seen) => seen.length > 0);
  assert.deepEqual(idsOf(behind?.data), [3]);
});
