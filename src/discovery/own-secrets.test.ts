// The secrets of one proxy: answered to its own stream beside those of the view that it shares, each with answers of their
// own; compared at reconnect; never to a proxy that claims to be another, never in plaintext.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openAdsClient } from '../../test/support/ads-client.ts';
import { startDiscovery } from '../../test/support/discovery.ts';
import { createMemoryView, opaque, testProxy } from '../../test/support/memory-view.ts';
import { until } from '../../test/support/until.ts';
import { identifyByNode } from './node-identity.ts';
import { type OwnSecrets, typeUrls } from './view.ts';

async function start(t: TestContext) {
  const own = createMemoryView('own');
  own.change({ secret: { set: [opaque('default'), opaque('ROOTCA')] } });
  const ownSecrets: OwnSecrets = Object.assign(own, { names: new Set(['default', 'ROOTCA']) });
  const mesh = await startDiscovery(t, { ownSecrets });
  mesh.view.change({ secret: { set: [opaque('kubernetes://a')] } });
  const secrets = () => mesh.discovery.proxies()[0]?.types.get(typeUrls.secret);
  return { ...mesh, own, secrets };
}

test('own names come from the own secrets, others from the view, each a response of its own', async (t) => {
  const { view, own, connect, secrets } = await start(t);
  const client = connect();
  client.ask('secret', { subscribe: ['default', 'kubernetes://a', 'ROOTCA'] });
  const [one, other] = [await client.take(), await client.take()];
  assert.deepEqual([one.updated, other.updated].sort(), [['default', 'ROOTCA'], ['kubernetes://a']]);
  assert.notEqual(one.nonce, other.nonce);
  await until('both are answered', () => secrets()?.state === 'SYNCED');
  assert.equal(secrets()?.resources, 3);

  own.change({ secret: { set: [opaque('default', '2')] } });
  const renewed = await client.take();
  assert.deepEqual([renewed.updated, renewed.removed], [['default'], []]);
  view.change({ secret: { set: [opaque('kubernetes://a', '2')] } });
  assert.deepEqual((await client.take()).updated, ['kubernetes://a']);
});

test('a name that the view has too is answered from the own secrets alone', async (t) => {
  const { view, own, connect } = await start(t);
  view.change({ secret: { set: [opaque('default', 'of the view')] } });
  const client = connect();
  client.ask('secret', { subscribe: ['default'] });
  assert.equal((await client.take()).message.resources[0]?.version, '1');
  view.change({ secret: { set: [opaque('default', 'of the view again')] } });
  own.change({ secret: { set: [opaque('default', '2')] } });
  assert.equal((await client.take()).message.resources[0]?.version, '2');
});

test('who never asks for them opens nothing', async (t) => {
  const { own, connect } = await start(t);
  const client = connect();
  client.ask('secret', { subscribe: ['kubernetes://a'] });
  await client.take();
  assert.equal(own.listeners, 0);
  client.ask('secret', { subscribe: ['default'] });
  await client.take();
  assert.equal(own.listeners, 1);
  client.cancel();
  await until('it is closed with the stream', () => own.listeners === 0);
});

test('a refused one is told of, is not sent again as it is, and holds the others up in nothing', async (t) => {
  const { view, own, connect, discovery, nodeId, secrets } = await start(t);
  const client = connect();
  client.ask('secret', { subscribe: ['default', 'kubernetes://a'] });
  const responses = [await client.responses.next(), await client.responses.next()];
  for (const response of responses) {
    if (response.updated.includes('default')) client.nack(response, 'no such key');
    else client.ack(response);
  }
  await until('the refusal is known', () => secrets()?.state === 'ERROR');
  assert.deepEqual(
    secrets()?.refused?.map(({ name, error }) => [name, error]),
    [['default', 'no such key']],
  );
  assert.equal(discovery.syncs(nodeId, typeUrls.secret)?.(opaque('default')).state, 'ERROR');
  assert.equal(discovery.syncs(nodeId, typeUrls.secret)?.(opaque('kubernetes://a')).state, 'SYNCED');
  view.change({ secret: { set: [opaque('kubernetes://a', '2')] } });
  assert.deepEqual((await client.take()).updated, ['kubernetes://a']);
  own.change({ secret: { set: [opaque('default', '2')] } });
  assert.deepEqual((await client.take()).updated, ['default']);
  await until('it is taken', () => secrets()?.state === 'SYNCED');
});

test('a proxy that comes back gets only what differs of its own', async (t) => {
  const { own, connect } = await start(t);
  const client = connect();
  client.ask('secret', {
    subscribe: ['default', 'ROOTCA', 'kubernetes://a'],
    held: { default: '0', ROOTCA: '1', 'kubernetes://a': '1' },
  });
  assert.deepEqual((await client.take()).updated, ['default']);
  own.change({ secret: { set: [opaque('ROOTCA', '2')] } });
  assert.deepEqual((await client.take()).updated, ['ROOTCA']);
});

test('asked for again it is answered again; taken back it is not sent any more', async (t) => {
  const { own, connect } = await start(t);
  const client = connect();
  client.ask('secret', { subscribe: ['default', 'ROOTCA'] });
  await client.take();
  client.ask('secret', { subscribe: ['default'] });
  assert.deepEqual((await client.take()).updated, ['default']);
  client.ask('secret', { unsubscribe: ['default'] });
  own.change({ secret: { set: [opaque('default', '2')] } });
  own.change({ secret: { set: [opaque('ROOTCA', '2')] } });
  assert.deepEqual((await client.take()).updated, ['ROOTCA']);
});

test('what is taken away is told', async (t) => {
  const { own, connect } = await start(t);
  const client = connect();
  client.ask('secret', { subscribe: ['default', 'ROOTCA'] });
  await client.take();
  own.change({ secret: { remove: ['default'] } });
  assert.deepEqual((await client.take()).removed, ['default']);
});

test("another's node id on this socket gets PERMISSION_DENIED and no secret", async (t) => {
  const { own, connect } = await start(t);
  const client = connect({ nodeId: testProxy('other').nodeId });
  client.ask('secret', { subscribe: ['default', 'ROOTCA'] });
  assert.equal((await client.ended).code, 'PERMISSION_DENIED');
  assert.equal(client.responses.items.length, 0);
  assert.equal(own.listeners, 0);
});

test('in plaintext the own secrets of a proxy that is connected elsewhere are not to be had', async (t) => {
  const { discovery, connect, nodeId } = await start(t);
  const rightful = connect();
  rightful.ask('secret', { subscribe: ['default'] });
  await rightful.take();
  const { port } = await discovery.servePlaintext({ address: '127.0.0.1:0', identify: identifyByNode });
  const client = openAdsClient({ t, address: `127.0.0.1:${port}`, nodeId });
  client.ask('secret', { subscribe: ['default', 'ROOTCA'] });
  client.ask('cluster');
  assert.equal((await client.take()).type, 'cluster');
  assert.equal(client.responses.items.length, 1);
});

test('without own secrets the names are told to be missing', async (t) => {
  const { connect } = await startDiscovery(t);
  const client = connect();
  client.ask('secret', { subscribe: ['default'] });
  assert.deepEqual((await client.take()).removed, ['default']);
});
