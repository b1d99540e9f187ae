// The event stream over real sockets: what it tells, where a reader goes on, and what slow ones and many cost.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { startControlPlane } from '../../../test/support/control-plane.ts';
import { serviceEntry } from '../../../test/support/manifests.ts';
import { until } from '../../../test/support/until.ts';
import type { ProxyStatus } from '../../discovery/proxy-state.ts';
import { typeUrls } from '../../discovery/view.ts';
import type { ServerDeps } from '../deps.ts';
import { type EventReader, type ReadEvent, readEvents } from '../testing/event-reader.ts';
import { memoryLedger } from '../testing/memory-ledger.ts';
import { decision, flow } from '../testing/traffic.ts';
import type { DecisionsBody, ObjectEventsBody, ProxyEventsBody } from '../wire.ts';

const limits = { timeout: 30_000 };

async function started(t: TestContext, deps: Partial<Omit<ServerDeps, 'store'>> = {}) {
  const traffic = memoryLedger();
  const plane = await startControlPlane(t, { traffic, ...deps });
  const open = (query: string, headers: Readonly<Record<string, string>> = {}) =>
    readEvents(t, `${plane.url}/v1/events?${query}`, headers);
  return { ...plane, traffic, open };
}

function idsOf(events: readonly ReadEvent[]): readonly number[] {
  return events
    .filter(({ event }) => event === 'decisions')
    .flatMap(({ data }) => (data as DecisionsBody).decisions.map(({ id }) => id));
}

/** Until these are the ids of all decisions so far. */
function untilIds(reader: EventReader, ids: readonly number[]) {
  return reader.until((events) => String(idsOf(events)) === String(ids));
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

test('decisions come commit by commit, with the id behind which a reader goes on', limits, async (t) => {
  const { traffic, open } = await started(t);
  traffic.commit({ decisions: [decision()] });
  const reader = await open('topics=decisions');
  await until('it listens', () => traffic.listeners() > 0);
  traffic.commit({ decisions: [decision(), decision()] });
  await untilIds(reader, [2, 3]);
  traffic.commit({ decisions: [decision()] });
  const events = await untilIds(reader, [2, 3, 4]);
  assert.deepEqual(
    events.map(({ event, id }) => [event, id]),
    [
      ['decisions', '3'],
      ['decisions', '4'],
    ],
  );
});

test('a reader that comes back misses nothing and gets nothing twice', limits, async (t) => {
  const { traffic, open } = await started(t);
  traffic.commit({ decisions: range(1, 450).map(() => decision()) });
  await untilIds(await open('topics=decisions', { 'last-event-id': '3' }), range(4, 450));
  // A browser comes back to the address it had.
  await untilIds(await open('topics=decisions&afterId=1', { 'last-event-id': '448' }), [449, 450]);
  await untilIds(await open('topics=decisions&afterId=449'), [450]);
  await untilIds(await open('topics=decisions&afterId=0'), range(1, 450));
});

test('an id of a mesh that is gone means all there is', limits, async (t) => {
  const { traffic, open } = await started(t);
  traffic.commit({ decisions: [decision()] });
  await untilIds(await open('topics=decisions', { 'last-event-id': '5000' }), [1]);
});

test('what is no longer kept is counted and said', limits, async (t) => {
  const { traffic, open, url } = await started(t);
  traffic.commit({ decisions: range(1, 10).map(() => decision()) });
  traffic.forget(7);
  const events = await untilIds(await open('topics=decisions&afterId=2'), [8, 9, 10]);
  assert.deepEqual(events[0], { event: 'dropped', id: undefined, data: { topic: 'decisions', messages: 5 } });
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^sallyport_event_messages_dropped_total 5$/m);
});

test('only what the reader asked for', limits, async (t) => {
  const { traffic, open } = await started(t);
  const reader = await open('topics=decisions&afterId=0&verdict=passthrough&namespace=shop');
  traffic.commit({ decisions: [decision(), decision({ verdict: 'passthrough' }), decision()] });
  await untilIds(reader, [2]);
  assert.equal(reader.events[0]?.id, '3', 'what was left out is behind the reader too');
});

test('flows are told as a change, at most once a second', limits, async (t) => {
  const { traffic, open } = await started(t);
  const reader = await open('topics=flows');
  await reader.until(({ length }) => length === 1);
  const begin = performance.now();
  for (let turn = 0; turn < 50; turn += 1) traffic.commit({ flows: [flow()] });
  traffic.commit({ decisions: [decision()] });
  await reader.until(({ length }) => length === 2);
  assert.ok(performance.now() - begin > 900);
  traffic.commit({ flows: [flow()] });
  const events = await reader.until(({ length }) => length === 3);
  assert.ok(performance.now() - begin > 1900);
  assert.deepEqual(new Set(events.map(({ event }) => event)), new Set(['flows']));
});

function proxy(name: string, state: 'SYNCED' | 'ERROR'): ProxyStatus {
  const identity = { namespace: 'shop', name, workload: 'web', serviceAccount: 'default', labels: {}, nodeId: '' };
  return {
    proxy: { ...identity, type: 'sidecar' },
    connectedAt: '2026-01-01T00:00:00Z',
    version: '1.40.0',
    types: new Map([
      [typeUrls.listener, { state: 'SYNCED', resources: 1 }],
      [typeUrls.cluster, { state, resources: 1 }],
    ]),
  };
}

test('proxies: first all, then those that came, changed and went', limits, async (t) => {
  let proxies = [proxy('web-1', 'SYNCED'), proxy('web-2', 'SYNCED')];
  const listeners = new Set<() => void>();
  const change = (next: typeof proxies) => {
    proxies = next;
    for (const listener of listeners) listener();
  };
  const { open } = await started(t, {
    proxies: () => proxies,
    onProxiesChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  const reader = await open('topics=proxies');
  const told = () =>
    reader.events.map(({ data }) => {
      const { proxies: changed, gone } = data as ProxyEventsBody;
      return [...changed.map(({ name, state }) => `${name} ${state}`), ...gone.map(({ name }) => `${name} gone`)];
    });
  await reader.until(({ length }) => length === 1);
  change([proxy('web-1', 'ERROR'), proxy('web-2', 'SYNCED')]);
  await reader.until(({ length }) => length === 2);
  change([proxy('web-1', 'ERROR'), proxy('web-3', 'SYNCED')]);
  await reader.until(({ length }) => length === 3);
  assert.deepEqual(told(), [['web-1 SYNCED', 'web-2 SYNCED'], ['web-1 ERROR'], ['web-3 SYNCED', 'web-2 gone']]);
  reader.close();
  await until('nobody listens any more', () => listeners.size === 0);
});

test('objects: where the stream begins, then one message for each transaction', limits, async (t) => {
  const { open, store } = await started(t);
  await store.apply([serviceEntry('before')]);
  const reader = await open('topics=objects');
  await reader.until(({ length }) => length === 1);
  await store.apply([serviceEntry('a'), serviceEntry('b')]);
  await store.delete({ group: 'networking.istio.io', kind: 'ServiceEntry', namespace: 'default', name: 'a' });
  const [first, applied, deleted] = (await reader.until(({ length }) => length === 3)).map(
    ({ data }) => data as ObjectEventsBody,
  );
  assert.deepEqual(first?.events, []);
  assert.deepEqual(
    [applied, deleted].map((body) => body?.events.map(({ type, kind, name }) => `${type} ${kind} ${name}`)),
    [['ADDED ServiceEntry a', 'ADDED ServiceEntry b'], ['DELETED ServiceEntry a']],
  );
  assert.equal(Number(applied?.resourceVersion), Number(first?.resourceVersion) + 1);
});

test('several topics share one stream', limits, async (t) => {
  const { traffic, open } = await started(t);
  const reader = await open('');
  await reader.until((events) => new Set(events.map(({ event }) => event)).size === 5);
  traffic.commit({ decisions: [decision()] });
  await untilIds(reader, [1]);
});

test('wrong words are refused', limits, async (t) => {
  const { url } = await started(t);
  for (const [query, headers] of [
    ['topics=nothing', {}],
    ['topics=', {}],
    ['topic=flows', {}],
    ['', { 'last-event-id': 'abc' }],
  ] as const) {
    assert.equal((await fetch(`${url}/v1/events?${query}`, { headers })).status, 400, query);
  }
});

test('a reader that never reads holds up nobody, and has lost nothing when it reads', limits, async (t) => {
  const { traffic, open, url } = await started(t);
  const stuck = connect(Number(new URL(url).port), '127.0.0.1');
  t.after(() => stuck.destroy());
  stuck.pause();
  stuck.write('GET /v1/events?topics=decisions HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until('it listens', () => traffic.listeners() === 1);
  const large = decision({ details: 'x'.repeat(4000) });
  let handedOut = 0;
  const query = traffic.decisions;
  traffic.decisions = (asked) => {
    const found = query(asked);
    handedOut += found.length;
    return found;
  };
  // 160 MB of text, far above what sockets hold; each commit is a turn in which a stream could go on.
  const total = 40_000;
  for (let sent = 0; sent < total; sent += 1000) {
    traffic.commit({ decisions: Array.from({ length: 1000 }, () => large) });
    await new Promise(setImmediate);
  }
  assert.ok(handedOut < total / 2, `${handedOut} of ${total} were made into messages for nobody`);
  const other = await open(`topics=decisions&afterId=${total - 2}`);
  await untilIds(other, [total - 1, total]);
  other.close();

  let text = '';
  let next = 1;
  for await (const chunk of stuck) {
    text += String(chunk);
    let end = 0;
    for (const match of text.matchAll(/\{"id":(\d+),"firstAt"/g)) {
      assert.equal(Number(match[1]), next++);
      end = match.index + match[0].length;
    }
    text = text.slice(end);
    if (next > total) break;
  }
  await until('nobody listens any more', () => traffic.listeners() === 0);
});

test('over TCP sixty-four streams are enough, over the socket there is no limit', limits, async (t) => {
  const { url, traffic, folder } = await started(t);
  const readers = await Promise.all(range(1, 64).map(() => readEvents(t, `${url}/v1/events?topics=decisions`)));
  await until('all are open', () => traffic.listeners() === 64);
  for (const path of ['/v1/events', '/v1/watch/se', '/v1/decisions?format=jsonl&follow=true']) {
    const refused = await fetch(`${url}${path}`);
    assert.equal(refused.status, 503, path);
    assert.match(await refused.text(), /"code":"SP_TOO_MANY_STREAMS"/);
  }
  assert.match(await (await fetch(`${url}/metrics`)).text(), /^sallyport_event_streams 64$/m);
  const trusted = connect(folder.apiSocket);
  t.after(() => trusted.destroy());
  trusted.write('GET /v1/events?topics=decisions HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until('it is open', () => traffic.listeners() === 65);
  readers[0]?.close();
  await until('it is closed', () => traffic.listeners() === 64);
  assert.equal((await readEvents(t, `${url}/v1/events?topics=decisions`)).status, 200);
});
