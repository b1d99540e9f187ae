// Who gets configuration: the proxy whose socket it is, once everything has been read; and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAdsClient } from '../../test/support/ads-client.ts';
import { silentLog, startDiscovery } from '../../test/support/discovery.ts';
import { createMemoryView, memoryViews, opaque, testProxy } from '../../test/support/memory-view.ts';
import { until } from '../../test/support/until.ts';
import { createDiscovery } from './discovery.ts';
import { identifyByNode } from './node-identity.ts';
import { type ProxyIdentity, typeUrls, type ViewProvider } from './view.ts';

test('a node.id that is not that of the socket is refused and gets nothing', async (t) => {
  const { view, discovery, connect } = await startDiscovery(t);
  view.change({ cluster: { set: [opaque('a')] } });
  const client = connect({ nodeId: testProxy('other').nodeId });
  client.ask('cluster');
  assert.equal((await client.ended).code, 'PERMISSION_DENIED');
  assert.equal(client.responses.items.length, 0);
  assert.equal(discovery.proxies().length, 0);
});

/** What a proxy may say of itself, all of it another's. */
const claims = {
  NAME: 'other',
  NAMESPACE: 'istio-system',
  WORKLOAD_NAME: 'other',
  SERVICE_ACCOUNT: 'admin',
  CLUSTER_ID: 'elsewhere',
  LABELS: { app: 'other' },
};

test('metadata that claims to be another changes nothing: the socket says who it is', async (t) => {
  const view = createMemoryView();
  view.change({ cluster: { set: [opaque('a')] } });
  const asked: ProxyIdentity[] = [];
  const views: ViewProvider = {
    ready: Promise.resolve(),
    viewFor(identity) {
      asked.push(identity);
      return view;
    },
  };
  const { discovery, connect } = await startDiscovery(t, { views });
  const client = connect({ metadata: claims });
  client.ask('cluster');
  assert.deepEqual((await client.take()).updated, ['a']);
  assert.deepEqual(asked, [testProxy('echo')]);
  assert.deepEqual(discovery.proxies()[0]?.proxy, testProxy('echo'));
});

test('a node that is another in the middle of a stream is ignored', async (t) => {
  const { view, discovery, connect } = await startDiscovery(t);
  view.change({ cluster: { set: [opaque('a')] }, secret: { set: [opaque('kubernetes://a')] } });
  const client = connect();
  client.ask('cluster');
  await client.take();
  client.send({
    typeUrl: typeUrls.secret,
    resourceNamesSubscribe: ['kubernetes://a'],
    node: { id: testProxy('other').nodeId, metadata: claims },
  });
  assert.deepEqual((await client.take()).updated, ['kubernetes://a']);
  assert.deepEqual(
    discovery.proxies().map(({ proxy }) => proxy),
    [testProxy('echo')],
  );
});

test('a first message without a node is refused', async (t) => {
  const { connect } = await startDiscovery(t);
  const client = connect();
  client.sendRaw(Buffer.alloc(0));
  assert.equal((await client.ended).code, 'INVALID_ARGUMENT');
});

test('state-of-the-world xDS is refused with a text that says what to set', async (t) => {
  const { connect } = await startDiscovery(t);
  const { code, message } = await connect({ method: 'StreamAggregatedResources' }).ended;
  assert.equal(code, 'UNIMPLEMENTED');
  assert.match(message, /api_type to DELTA_GRPC/);
});

test('nothing is served before every source has been read', async (t) => {
  const view = createMemoryView();
  const ready = Promise.withResolvers<void>();
  const { discovery, connect } = await startDiscovery(t, { views: memoryViews(view, ready.promise) });
  const client = connect();
  client.ask('cluster');
  // A second stream that is refused shows that the server is at work.
  assert.equal((await connect({ method: 'Nothing' }).ended).code, 'UNIMPLEMENTED');
  assert.equal(discovery.proxies().length, 0);
  view.change({ cluster: { set: [opaque('a')] } });
  ready.resolve();
  assert.deepEqual((await client.take()).updated, ['a']);
});

test('of two streams of one proxy the newer is shown', async (t) => {
  const { discovery, connect } = await startDiscovery(t);
  const older = connect();
  older.ask('cluster');
  await older.take();
  const newer = connect();
  newer.ask('listener');
  await newer.take();
  assert.equal(discovery.proxies().length, 1);
  assert.equal(discovery.proxies()[0]?.types.size, 1);
  newer.cancel();
  await until('the older is left', () =>
    discovery
      .proxies()[0]
      ?.types.keys()
      .some((type) => type.endsWith('Cluster')),
  );
});

test('plaintext: any node id, no secrets, and only on loopback', async (t) => {
  const view = createMemoryView();
  view.change({ cluster: { set: [opaque('a')] }, secret: { set: [opaque('default')] } });
  const discovery = createDiscovery({ views: memoryViews(view), bootId: 'boot', log: silentLog });
  t.after(() => discovery.close());
  for (const address of ['0.0.0.0:0', '10.0.0.1:0', '127.0.0.1', '127.0.0.1:x']) {
    await assert.rejects(discovery.servePlaintext({ address, identify: identifyByNode }), { code: 'SP_XDS_ADDRESS' });
  }
  const { port } = await discovery.servePlaintext({ address: '127.0.0.1:0', identify: identifyByNode });
  const client = openAdsClient({ t, address: `127.0.0.1:${port}`, nodeId: 'anything' });
  client.ask('secret', { subscribe: ['default'] });
  client.ask('cluster');
  assert.equal((await client.take()).type, 'cluster');
  view.change({ secret: { set: [opaque('default', '2')] }, cluster: { set: [opaque('b')] } });
  assert.equal((await client.take()).type, 'cluster');
  assert.equal(discovery.proxies()[0]?.proxy.namespace, 'default');
});

test('who a node says it is', () => {
  const node = (id: string, metadata = {}) => {
    const { namespace, name, workload, type } = identifyByNode(id, metadata);
    return [namespace, name, workload, type].join(' ');
  };
  assert.equal(node('sidecar~10.0.0.1~echo-1.shop~shop.svc.cluster.local'), 'shop echo-1 echo-1 sidecar');
  assert.equal(node('router~10.0.0.1~gw.istio-system~x', { WORKLOAD_NAME: 'gw' }), 'istio-system gw gw router');
  assert.equal(node('load-7'), 'default load-7 load-7 sidecar');
  assert.equal(node('load-7', { NAMESPACE: 'shop', LABELS: { app: 'x' } }), 'shop load-7 load-7 sidecar');
  assert.deepEqual(identifyByNode('x', { LABELS: { app: 'x', n: 1 } }).labels, { app: 'x' });
});
