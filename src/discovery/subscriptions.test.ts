// What a stream is answered: wildcards, names, unknown names, asking again, taking back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDiscovery } from '../../test/support/discovery.ts';
import { opaque } from '../../test/support/memory-view.ts';

test('an empty first request for clusters is a wildcard, and so is a star', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ cluster: { set: [opaque('a'), opaque('b')] }, listener: { set: [opaque('l')] } });
  const client = connect();
  client.ask('cluster');
  assert.deepEqual((await client.take()).updated, ['a', 'b']);
  client.ask('listener', { subscribe: ['*'] });
  assert.deepEqual((await client.take()).updated, ['l']);
  view.change({ cluster: { set: [opaque('c')] } });
  assert.deepEqual((await client.take()).updated, ['c']);
});

test('a wildcard is answered even if there is nothing, so that Envoy does not wait', async (t) => {
  const { connect } = await startDiscovery(t);
  const client = connect();
  client.ask('cluster');
  const response = await client.take();
  assert.deepEqual([response.type, response.updated, response.removed], ['cluster', [], []]);
});

test('names: only those asked for are sent, those that do not exist are told gone and sent when they appear', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ endpoint: { set: [opaque('a'), opaque('b')] } });
  const client = connect();
  client.ask('endpoint', { subscribe: ['a', 'x'] });
  const first = await client.take();
  assert.deepEqual([first.updated, first.removed], [['a'], ['x']]);
  view.change({ endpoint: { set: [opaque('b', '2')] } });
  view.change({ endpoint: { set: [opaque('x')] } });
  assert.deepEqual((await client.take()).updated, ['x']);
});

test('a name asked for again is answered again, unchanged as it is', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ endpoint: { set: [opaque('a')] } });
  const client = connect();
  client.ask('endpoint', { subscribe: ['a'] });
  await client.take();
  client.ask('endpoint', { subscribe: ['a'] });
  assert.deepEqual((await client.take()).updated, ['a']);
});

test('a name taken back is not sent any more', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ endpoint: { set: [opaque('a'), opaque('b')] } });
  const client = connect();
  client.ask('endpoint', { subscribe: ['a', 'b'] });
  await client.take();
  client.ask('endpoint', { unsubscribe: ['a'] });
  client.ask('cluster');
  await client.take();
  view.change({ endpoint: { set: [opaque('a', '2'), opaque('b', '2')] } });
  assert.deepEqual((await client.take()).updated, ['b']);
});

test('a name taken back that the wildcard still matches is sent once more, one that is gone is told so', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ cluster: { set: [opaque('a')] } });
  const client = connect();
  client.ask('cluster', { subscribe: ['*', 'a', 'x'] });
  await client.take();
  await client.take();
  client.ask('cluster', { unsubscribe: ['a', 'x'] });
  const response = await client.take();
  assert.deepEqual([response.updated, response.removed], [['a'], ['x']]);
});

test('after the star is taken back only the names are sent', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ cluster: { set: [opaque('a'), opaque('b')] } });
  const client = connect();
  client.ask('cluster', { subscribe: ['*', 'a'] });
  await client.take();
  client.ask('cluster', { unsubscribe: ['*'] });
  client.ask('listener');
  await client.take();
  view.change({ cluster: { set: [opaque('b', '2')] } });
  view.change({ cluster: { set: [opaque('a', '2')] } });
  assert.deepEqual((await client.take()).updated, ['a']);
});

test('a type that is not served is passed over', async (t) => {
  const { connect } = await startDiscovery(t);
  const client = connect();
  client.send({ typeUrl: 'type.googleapis.com/envoy.service.runtime.v3.Runtime', resourceNamesSubscribe: ['r'] });
  client.ask('cluster');
  assert.equal((await client.take()).type, 'cluster');
});
