// What follows from a proxy's answers: accepted, refused, or about something older.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDiscovery } from '../../test/support/discovery.ts';
import { opaque } from '../../test/support/memory-view.ts';
import { until } from '../../test/support/until.ts';
import { typeUrls } from './view.ts';

test('a refusal is kept with its words and the objects at fault; nothing is sent again until something changes', async (t) => {
  const { view, discovery, connect } = await startDiscovery(t);
  view.change({ cluster: { set: [opaque('good'), opaque('bad')] } });
  const client = connect();
  client.ask('cluster');
  client.nack(await client.responses.next(), 'Error adding cluster(s) bad: no cluster, see a-good');
  const status = await until('the refusal is shown', () => {
    const found = discovery.proxies()[0]?.types.get(typeUrls.cluster);
    return found?.state === 'ERROR' && found;
  });
  assert.equal(status.error, 'Error adding cluster(s) bad: no cluster, see a-good');
  assert.deepEqual(status.suspects, ['Test/default/bad']);
  client.ask('listener');
  assert.equal((await client.take()).type, 'listener');

  // The next change brings itself, then what was refused only because of the bad one.
  view.change({ cluster: { set: [opaque('other')] } });
  assert.deepEqual((await client.take()).updated, ['other']);
  assert.deepEqual((await client.take()).updated, ['good']);
  assert.equal(discovery.proxies()[0]?.types.get(typeUrls.cluster)?.state, 'ERROR');
  view.change({ cluster: { set: [opaque('bad', '2')] } });
  assert.deepEqual((await client.take()).updated, ['bad']);
  await until('the mended one is accepted', () => {
    return discovery.proxies()[0]?.types.get(typeUrls.cluster)?.state === 'SYNCED';
  });
});

test('a proxy that refuses everything is not sent things in a circle', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ cluster: { set: [opaque('a'), opaque('b'), opaque('c')] } });
  const client = connect();
  client.ask('cluster');
  client.nack(await client.responses.next(), 'no');
  for (let version = 1; version <= 3; version++) {
    view.change({ cluster: { set: [opaque('d', String(version)), opaque('e', String(version))] } });
    const change = await client.responses.next();
    assert.deepEqual(change.updated, ['d', 'e']);
    client.nack(change, 'no');
    const retry = await client.responses.next();
    assert.ok(retry.updated.includes('a'));
    client.nack(retry, 'no');
  }
  client.ask('listener');
  assert.equal((await client.take()).type, 'listener');
  assert.equal(client.responses.items.length, 8);
});

test('an answer to something else than the outstanding response is passed over', async (t) => {
  const { view, connect } = await startDiscovery(t);
  const client = connect();
  client.ask('cluster');
  const first = await client.take();
  view.change({ cluster: { set: [opaque('a')] } });
  const second = await client.responses.next();
  client.ack(first);
  client.send({ typeUrl: typeUrls.cluster, responseNonce: 'another boot' });
  view.change({ cluster: { set: [opaque('b')] } });
  client.ask('listener');
  assert.equal((await client.take()).type, 'listener');
  client.ack(second);
  assert.deepEqual((await client.take()).updated, ['b']);
});

test('each type is answered for itself', async (t) => {
  const { view, connect } = await startDiscovery(t);
  const client = connect();
  client.ask('endpoint', { subscribe: ['a'] });
  client.ask('secret', { subscribe: ['s'] });
  const [one, two] = [await client.responses.next(), await client.responses.next()];
  const secret = one.type === 'secret' ? one : two;
  client.ack(secret);
  view.change({ endpoint: { set: [opaque('a')] }, secret: { set: [opaque('s')] } });
  assert.deepEqual((await client.take()).updated, ['s']);
});

test('proxies() tells state, time and number of each type, and that it changed', async (t) => {
  const { view, discovery, connect } = await startDiscovery(t, { clock: () => Date.UTC(2026, 0, 1) });
  let changes = 0;
  const unsubscribe = discovery.onChange(() => {
    changes += 1;
  });
  view.change({ cluster: { set: [opaque('a'), opaque('b')] } });
  const client = connect();
  client.ask('cluster');
  const response = await client.responses.next();
  const stale = discovery.proxies()[0];
  assert.equal(stale?.proxy.name, 'echo');
  assert.equal(stale?.connectedAt, '2026-01-01T00:00:00.000Z');
  assert.equal(stale?.types.get(typeUrls.cluster)?.state, 'STALE');
  client.ack(response);
  const synced = await until('it is synced', () => {
    const found = discovery.proxies()[0]?.types.get(typeUrls.cluster);
    return found?.state === 'SYNCED' && found;
  });
  assert.equal(synced.resources, 2);
  assert.equal(synced.ackedAt, '2026-01-01T00:00:00.000Z');
  assert.ok(changes > 0);
  unsubscribe();
  client.cancel();
  await until('it is gone', () => discovery.proxies().length === 0);
});
