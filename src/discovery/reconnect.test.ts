// A proxy that comes back says what it holds: only the difference is sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startDiscovery } from '../../test/support/discovery.ts';
import { createMemoryView, opaque } from '../../test/support/memory-view.ts';
import { until } from '../../test/support/until.ts';
import type { ViewProvider } from './view.ts';

const route = opaque('80', '1', { vhds: true });

test('of a wildcard only what differs is sent, and what is gone is taken away', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ cluster: { set: [opaque('same'), opaque('changed', '2'), opaque('new')] } });
  const client = connect();
  client.ask('cluster', { held: { same: '1', changed: '1', gone: '1' } });
  assert.deepEqual((await client.take()).updated, ['changed', 'new']);
  assert.deepEqual((await client.take()).removed, ['gone']);
});

test('a listener that is gone is taken away with the updates', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ listener: { set: [opaque('same'), opaque('new')] } });
  const client = connect();
  client.ask('listener', { held: { same: '1', gone: '1' } });
  const response = await client.take();
  assert.deepEqual([response.updated, response.removed], [['new'], ['gone']]);
});

test('nothing is sent of what is held in the same version, and changes come as ever', async (t) => {
  const { view, discovery, connect } = await startDiscovery(t);
  view.change({
    cluster: { set: [opaque('a')] },
    endpoint: { set: [opaque('a')] },
    listener: { set: [opaque('l')] },
    route: { set: [route] },
    virtualHost: { set: [opaque('80/a')] },
  });
  const client = connect();
  client.ask('cluster', { held: { a: '1' } });
  client.ask('endpoint', { subscribe: ['a'], held: { a: '1' } });
  client.ask('listener', { held: { l: '1' } });
  client.ask('route', { subscribe: ['80'], held: { '80': '1' } });
  client.ask('virtualHost', { held: { '80/a': '1' } });
  client.ask('secret', { subscribe: ['marker'] });
  assert.equal((await client.take()).type, 'secret');
  await until('all six types are in sync', () => {
    const states = [...(discovery.proxies()[0]?.types.values() ?? [])].map(({ state }) => state);
    return states.length === 6 && states.every((state) => state === 'SYNCED');
  });
  view.change({ virtualHost: { set: [opaque('80/b')] } });
  assert.deepEqual((await client.take()).updated, ['80/b']);
});

test('names: those held in another version or no more there are answered', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ endpoint: { set: [opaque('same'), opaque('changed', '2')] } });
  const client = connect();
  client.ask('endpoint', { subscribe: ['same', 'changed', 'gone'], held: { same: '1', changed: '1', gone: '1' } });
  const response = await client.take();
  assert.deepEqual([response.updated, response.removed], [['changed'], ['gone']]);
});

for (const order of ['routes first', 'virtual hosts first'] as const) {
  test(`virtual hosts are compared too: ${order}`, async (t) => {
    const { view, connect } = await startDiscovery(t);
    view.change({ route: { set: [route] }, virtualHost: { set: [opaque('80/same'), opaque('80/new')] } });
    const client = connect();
    const asks = [
      () => client.ask('route', { subscribe: ['80'], held: { '80': '1' } }),
      () => client.ask('virtualHost', { held: { '80/same': '1', '80/gone': '1' } }),
    ];
    for (const ask of order === 'routes first' ? asks : asks.reverse()) ask();
    const response = await client.take();
    assert.deepEqual([response.type, response.updated, response.removed], ['virtualHost', ['80/new'], ['80/gone']]);
  });
}

test('a RouteConfiguration that changed meanwhile does not bring the hosts that are held', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ route: { set: [route] }, virtualHost: { set: [opaque('80/same'), opaque('80/new')] } });
  const client = connect();
  client.ask('route', { subscribe: ['80'], held: { '80': '0' } });
  client.ask('virtualHost', { held: { '80/same': '1' } });
  assert.equal((await client.take()).type, 'route');
  assert.deepEqual((await client.take()).updated, ['80/new']);
});

test('a route that is held without any host is told that there are none', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ route: { set: [route] } });
  const client = connect();
  client.ask('route', { subscribe: ['80'], held: { '80': '1' } });
  client.ask('virtualHost');
  assert.deepEqual((await client.take()).removed, ['80/none']);
});

test('without a word on virtual hosts all are sent after a moment', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ route: { set: [route] }, virtualHost: { set: [opaque('80/a')] } });
  const client = connect();
  client.ask('route', { subscribe: ['80'], held: { '80': '1' } });
  assert.deepEqual((await client.take()).updated, ['80/a']);
});

/** As long as a proxy may take to say what it holds, and longer. */
const longMs = 700;

test('what is gone is taken away, however long the proxy takes for clusters before', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({
    cluster: { set: [opaque('new')] },
    listener: { set: [opaque('l', '2')] },
    route: { set: [route] },
    virtualHost: { set: [opaque('80/same')] },
  });
  const client = connect();
  client.ask('cluster', { held: { old: '1' } });
  client.ask('listener', { held: { l: '1', 'l-gone': '1' } });
  client.ask('route', { subscribe: ['80'], held: { '80': '1' } });
  client.ask('virtualHost', { held: { '80/same': '1', '80/gone': '1' } });
  const clusters = await client.responses.next();
  assert.deepEqual(clusters.updated, ['new']);
  await pause(longMs);
  client.ack(clusters);
  const listeners = await client.take();
  const hosts = await client.responses.next(({ type }) => type === 'virtualHost');
  assert.deepEqual([listeners.type, listeners.updated, listeners.removed], ['listener', ['l'], ['l-gone']]);
  assert.deepEqual([hosts.type, hosts.updated, hosts.removed], ['virtualHost', [], ['80/gone']]);
});

test('hosts that a proxy tells of late are taken away if they are gone', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ route: { set: [route] }, virtualHost: { set: [opaque('80/a')] } });
  const client = connect();
  client.ask('route', { subscribe: ['80'], held: { '80': '1' } });
  const { updated, message } = await client.responses.next();
  assert.deepEqual(updated, ['80/a']);
  // Envoy: the first request of a type says what is held, be it an answer already.
  client.send({
    typeUrl: message.typeUrl,
    responseNonce: message.nonce,
    initialResourceVersions: { '80/a': '1', '80/gone': '1' },
  });
  assert.deepEqual((await client.take()).removed, ['80/gone']);
});

test('a proxy that has another view now is told to connect again, and gets the difference', async (t) => {
  const [first, second] = [createMemoryView(), createMemoryView()];
  let mine = first;
  const regrouped = new Set<() => void>();
  const views: ViewProvider = {
    ready: Promise.resolve(),
    viewFor: () => mine,
    onRegroup(listener) {
      regrouped.add(listener);
      return () => regrouped.delete(listener);
    },
  };
  first.change({ cluster: { set: [opaque('same'), opaque('old')] } });
  second.change({ cluster: { set: [opaque('same'), opaque('new')] } });
  const { connect } = await startDiscovery(t, { views });
  const client = connect();
  client.ask('cluster');
  assert.deepEqual((await client.take()).updated, ['same', 'old']);

  for (const listener of regrouped) listener();
  first.change({ cluster: { set: [opaque('more')] } });
  assert.deepEqual((await client.take()).updated, ['more'], 'whose view stays is left alone');
  mine = second;
  for (const listener of regrouped) listener();
  assert.equal((await client.ended).code, 'UNAVAILABLE');

  const again = connect();
  again.ask('cluster', { held: { same: '1', old: '1', more: '1' } });
  assert.deepEqual((await again.take()).updated, ['new']);
  assert.deepEqual([...(await again.take()).removed].sort(), ['more', 'old']);
});
