// The order of updates: make before break, and coalescing while an answer is outstanding.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdsClient } from '../../test/support/ads-client.ts';
import { startDiscovery, type TestDiscovery } from '../../test/support/discovery.ts';
import { opaque } from '../../test/support/memory-view.ts';

/** A client that holds one resource of each type, as an Envoy does. */
async function settled({ view, connect }: TestDiscovery): Promise<AdsClient> {
  view.change({
    cluster: { set: [opaque('old')] },
    endpoint: { set: [opaque('old')] },
    listener: { set: [opaque('l')] },
    route: { set: [opaque('80', '1', { vhds: true })] },
    virtualHost: { set: [opaque('80/old')] },
  });
  const client = connect();
  client.ask('cluster');
  await client.take();
  client.ask('endpoint', { subscribe: ['old'] });
  await client.take();
  client.ask('listener');
  await client.take();
  client.ask('route', { subscribe: ['80'] });
  await client.take();
  assert.deepEqual((await client.take()).updated, ['80/old']);
  return client;
}

test('a new cluster is answered before anything that may use it is sent', async (t) => {
  const server = await startDiscovery(t);
  const client = await settled(server);
  server.view.change({
    cluster: { set: [opaque('new')] },
    listener: { set: [opaque('l', '2')] },
    route: { set: [opaque('80', '2', { vhds: true })] },
    virtualHost: { set: [opaque('80/new')] },
  });
  const clusters = await client.responses.next();
  assert.deepEqual([clusters.type, clusters.updated], ['cluster', ['new']]);
  // A question of another type is answered meanwhile: nothing else was sent before it.
  client.ask('endpoint', { subscribe: ['old'] });
  assert.equal((await client.take()).type, 'endpoint');
  client.ack(clusters);
  const rest = [await client.responses.next(), await client.responses.next(), await client.responses.next()];
  assert.deepEqual(
    rest.map(({ type, updated }) => [type, ...updated]),
    [
      ['listener', 'l'],
      ['route', '80'],
      ['virtualHost', '80/new'],
    ],
  );
});

test('clusters and endpoints are taken away once all that used them is answered', async (t) => {
  const server = await startDiscovery(t);
  const client = await settled(server);
  server.view.change({
    cluster: { set: [opaque('new')], remove: ['old'] },
    endpoint: { remove: ['old'] },
    listener: { set: [opaque('l', '2')] },
    virtualHost: { remove: ['80/old'] },
  });
  const added = await client.take();
  assert.deepEqual([added.type, added.updated, added.removed], ['cluster', ['new'], []]);
  const listeners = await client.responses.next();
  const hosts = await client.responses.next();
  assert.deepEqual([listeners.type, hosts.type, hosts.removed], ['listener', 'virtualHost', ['80/old']]);
  client.ack(listeners);
  // Virtual hosts are not answered yet: only the answer to a question may come.
  client.ask('cluster', { subscribe: ['nowhere'] });
  assert.deepEqual((await client.take()).removed, ['nowhere']);
  client.ack(hosts);
  const gone = [await client.take(), await client.take()];
  assert.deepEqual(
    gone.map(({ type, removed }) => [type, removed]),
    [
      ['cluster', ['old']],
      ['endpoint', ['old']],
    ],
  );
});

test('where no cluster changes nothing waits', async (t) => {
  const server = await startDiscovery(t);
  const client = await settled(server);
  server.view.change({ virtualHost: { set: [opaque('80/new')] } });
  assert.deepEqual((await client.take()).updated, ['80/new']);
  server.view.change({ virtualHost: { remove: ['80/new'] } });
  assert.deepEqual((await client.take()).removed, ['80/new']);
});

test('what changes while an answer is outstanding goes out as one response with the last state', async (t) => {
  const server = await startDiscovery(t);
  const client = await settled(server);
  server.view.change({ cluster: { set: [opaque('first')] } });
  const first = await client.responses.next();
  for (let version = 1; version <= 50; version++) {
    server.view.change({ cluster: { set: [opaque('a', String(version)), opaque(`b${version}`)] } });
  }
  server.view.change({ cluster: { remove: ['b7'] } });
  client.ack(first);
  const second = await client.take();
  assert.equal(second.updated.length, 50);
  assert.equal(second.message.resources.find(({ name }) => name === 'a')?.version, '50');
  assert.ok(!second.updated.includes('b7'));
});

test('under steady change of clusters what needs only the answered ones is not held back', async (t) => {
  const server = await startDiscovery(t);
  const client = await settled(server);
  server.view.change({ cluster: { set: [opaque('one')] }, virtualHost: { set: [opaque('80/one')] } });
  const one = await client.responses.next();
  server.view.change({ cluster: { set: [opaque('two')] }, virtualHost: { set: [opaque('80/two')] } });
  client.ack(one);
  const two = await client.responses.next();
  const hosts = await client.take();
  assert.deepEqual([two.updated, hosts.updated], [['two'], ['80/one']]);
  client.ack(two);
  assert.deepEqual((await client.take()).updated, ['80/two']);
});

test('a refused cluster does not hold the rest back', async (t) => {
  const server = await startDiscovery(t);
  const client = await settled(server);
  server.view.change({ cluster: { set: [opaque('bad')] }, virtualHost: { set: [opaque('80/new')] } });
  client.nack(await client.responses.next(), 'no good');
  assert.deepEqual((await client.take()).updated, ['80/new']);
});

test('secrets wait for nothing', async (t) => {
  const server = await startDiscovery(t);
  const client = await settled(server);
  client.ask('secret', { subscribe: ['default'] });
  assert.deepEqual((await client.take()).removed, ['default']);
  server.view.change({ cluster: { set: [opaque('new')] }, secret: { set: [opaque('default')] } });
  const both = [await client.responses.next(), await client.responses.next()];
  assert.deepEqual(both.map(({ type }) => type).sort(), ['cluster', 'secret']);
});

test('streams of one view get the same bytes, nonce included', async (t) => {
  const server = await startDiscovery(t);
  server.view.change({ cluster: { set: [opaque('a')] } });
  const clients = [server.connect(), server.connect()];
  for (const client of clients) client.ask('cluster');
  for (const _ of ['first', 'change']) {
    const [one, two] = await Promise.all(clients.map((client) => client.take()));
    assert.deepEqual(one?.message, two?.message);
    server.view.change({ cluster: { set: [opaque('new')] } });
  }
});
