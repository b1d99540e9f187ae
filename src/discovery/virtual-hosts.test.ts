// Virtual hosts follow their RouteConfiguration unasked: Envoy's own VHDS request is empty, or is not made at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDiscovery } from '../../test/support/discovery.ts';
import { opaque } from '../../test/support/memory-view.ts';

const route = (name: string, version = '1') => opaque(name, version, { vhds: true });

test('the hosts of a RouteConfiguration follow it at once, those of others do not', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({
    route: { set: [route('80'), route('8080')] },
    virtualHost: { set: [opaque('80/a'), opaque('80/b'), opaque('8080/a')] },
  });
  const client = connect();
  client.ask('route', { subscribe: ['80'] });
  assert.equal((await client.take()).type, 'route');
  assert.deepEqual((await client.take()).updated, ['80/a', '80/b']);
  client.ask('virtualHost');
  view.change({ virtualHost: { set: [opaque('8080/b'), opaque('80/c')], remove: ['80/a', '8080/a'] } });
  const change = await client.take();
  assert.deepEqual([change.updated, change.removed], [['80/c'], ['80/a']]);
});

test('a RouteConfiguration without hosts is followed by the removal of ROUTE/none', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ route: { set: [route('80')] } });
  const client = connect();
  client.ask('route', { subscribe: ['80'] });
  await client.take();
  const hosts = await client.take();
  assert.deepEqual([hosts.type, hosts.updated, hosts.removed], ['virtualHost', [], ['80/none']]);
});

test('a later RouteConfiguration brings its hosts without a request', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ route: { set: [route('80')] }, virtualHost: { set: [opaque('80/a')] } });
  const client = connect();
  client.ask('route', { subscribe: ['80', '8080', '8081'] });
  await client.take();
  await client.take();
  view.change({ route: { set: [route('8080'), route('8081')] }, virtualHost: { set: [opaque('8080/a')] } });
  assert.deepEqual((await client.take()).updated, ['8080', '8081']);
  const hosts = await client.take();
  assert.deepEqual([hosts.updated, hosts.removed], [['8080/a'], ['8081/none']]);
});

test('a RouteConfiguration that changes does not bring its hosts again', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ route: { set: [route('80')] }, virtualHost: { set: [opaque('80/a')] } });
  const client = connect();
  client.ask('route', { subscribe: ['80'] });
  await client.take();
  await client.take();
  view.change({ route: { set: [route('80', '2')] }, virtualHost: { set: [opaque('80/b')] } });
  assert.deepEqual((await client.take()).updated, ['80']);
  assert.deepEqual((await client.take()).updated, ['80/b']);
});

test('one without vhds is followed by nothing, until it takes hosts', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ route: { set: [opaque('inbound')] } });
  const client = connect();
  client.ask('route', { subscribe: ['inbound'] });
  await client.take();
  client.ask('listener');
  assert.equal((await client.take()).type, 'listener');
  view.change({ route: { set: [route('inbound', '2')] } });
  assert.equal((await client.take()).type, 'route');
  assert.deepEqual((await client.take()).removed, ['inbound/none']);
});

for (const [name, asks] of [
  ['taken back and asked for again', [{ unsubscribe: ['80'] }, { subscribe: ['80'] }]],
  ['asked for again without having been taken back', [{ subscribe: ['80'] }]],
] as const) {
  test(`a RouteConfiguration ${name} brings all its hosts again`, async (t) => {
    const { view, connect } = await startDiscovery(t);
    view.change({ route: { set: [route('80')] }, virtualHost: { set: [opaque('80/a')] } });
    const client = connect();
    client.ask('route', { subscribe: ['80'] });
    await client.take();
    await client.take();
    for (const ask of asks) client.ask('route', ask);
    assert.deepEqual((await client.take()).updated, ['80']);
    assert.deepEqual((await client.take()).updated, ['80/a']);
  });
}

test('hosts of a RouteConfiguration taken back are not sent, and none is waited for', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ route: { set: [route('80')] }, virtualHost: { set: [opaque('80/a')] } });
  const client = connect();
  client.ask('route', { subscribe: ['80'] });
  client.ack(await client.responses.next());
  // Envoy ignores virtual hosts of a route it dropped, so this response is never answered.
  await client.responses.next();
  client.ask('route', { unsubscribe: ['80'] });
  client.ask('listener');
  await client.take();
  view.change({ virtualHost: { set: [opaque('80/b')] }, listener: { set: [opaque('l')] } });
  assert.equal((await client.take()).type, 'listener');
  client.ask('route', { subscribe: ['80'] });
  assert.equal((await client.take()).type, 'route');
  assert.deepEqual((await client.take()).updated, ['80/a', '80/b']);
});

test('a refused RouteConfiguration brings its hosts when a good one comes', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ route: { set: [route('80')] }, virtualHost: { set: [opaque('80/a')] } });
  const client = connect();
  client.ask('route', { subscribe: ['80'] });
  client.nack(await client.responses.next(), 'no good');
  await client.responses.next();
  view.change({ route: { set: [route('80', '2')] } });
  assert.equal((await client.take()).type, 'route');
  assert.deepEqual((await client.take()).updated, ['80/a']);
});

test('a virtual host asked for by name is answered', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ virtualHost: { set: [opaque('80/a')] } });
  const client = connect();
  client.ask('virtualHost', { subscribe: ['80/a', '80/b'] });
  const answer = await client.take();
  assert.deepEqual([answer.updated, answer.removed], [['80/a'], ['80/b']]);
});
