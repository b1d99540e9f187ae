// Clients that misbehave cost only themselves.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectNet } from 'node:net';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { startDiscovery } from '../../test/support/discovery.ts';
import { opaque, resourceOf, testProxy } from '../../test/support/memory-view.ts';
import { until } from '../../test/support/until.ts';
import { ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { DeltaDiscoveryRequestSchema } from '../envoy/gen/envoy/service/discovery/v3/discovery_pb.js';
import { adsMethod } from './ads-service.ts';
import { typeUrls } from './view.ts';

test('messages that are none end their stream, and only that', async (t) => {
  const { view, connect } = await startDiscovery(t);
  const good = connect();
  good.ask('cluster');
  await good.take();
  const random = seeded(7);
  for (let round = 0; round < 30; round++) {
    const client = connect();
    client.sendRaw(Buffer.from(Array.from({ length: 1 + random(60) }, () => random(256))));
    client.sendRaw(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x7f]));
    assert.equal((await client.ended).code, 'INVALID_ARGUMENT');
  }
  view.change({ cluster: { set: [opaque('a')] } });
  assert.deepEqual((await good.take()).updated, ['a']);
});

test('a node.id, metadata, name or message beyond the limits is refused', async (t) => {
  const { connect, nodeId } = await startDiscovery(t);
  const long = 'x'.repeat(100_000);
  const cases = [
    [{ node: { id: long } }, 'INVALID_ARGUMENT'],
    [{ node: { id: nodeId, metadata: { long } } }, 'INVALID_ARGUMENT'],
    [{ node: { id: nodeId }, resourceNamesSubscribe: [long] }, 'INVALID_ARGUMENT'],
    [{ node: { id: nodeId }, initialResourceVersions: { [long]: '1' } }, 'INVALID_ARGUMENT'],
    [{ node: { id: nodeId }, typeUrl: 'x'.repeat(20_000_000) }, 'RESOURCE_EXHAUSTED'],
    [
      {
        node: { id: nodeId },
        typeUrl: typeUrls.endpoint,
        resourceNamesSubscribe: Array.from({ length: 200_001 }, (_, index) => `n${index}`),
      },
      'RESOURCE_EXHAUSTED',
    ],
  ] as const;
  for (const [message, code] of cases) {
    const client = connect();
    const init = {
      ...message,
      resourceNamesSubscribe: [...('resourceNamesSubscribe' in message ? message.resourceNamesSubscribe : [])],
    };
    client.sendRaw(toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, init)));
    assert.equal((await client.ended).code, code);
  }
});

test('a client that never answers is sent one response per type, the others go on', async (t) => {
  const { view, connect } = await startDiscovery(t);
  const silent = connect();
  silent.ask('cluster');
  await silent.responses.next();
  const good = connect();
  good.ask('cluster');
  await good.take();
  for (let round = 0; round < 20; round++) {
    view.change({ cluster: { set: [opaque(`c${round}`)] } });
    assert.deepEqual((await good.take()).updated, [`c${round}`]);
  }
  assert.equal(silent.responses.items.length, 1);
});

test('a client that does not read gets no more until it does, then the last state', async (t) => {
  const { view, connect } = await startDiscovery(t);
  const big = (version: number) =>
    Array.from({ length: 40 }, (_, index) =>
      resourceOf(ClusterSchema, `c${index}`, { name: `c${index}`, altStatName: String(version).repeat(20_000) }),
    );
  view.change({ cluster: { set: big(1) } });
  const slow = connect();
  slow.pause();
  slow.ask('cluster');
  slow.ask('secret', { subscribe: ['s'] });
  const good = connect();
  good.ask('cluster');
  await good.take();
  view.change({ cluster: { set: big(2) } });
  view.change({ cluster: { set: big(3) } });
  await good.take();
  slow.resume();
  assert.equal((await slow.take()).message.resources[0]?.version, big(1)[0]?.version);
  const rest = [await slow.take(), await slow.take()];
  const clusters = rest.find(({ type }) => type === 'cluster');
  assert.equal(clusters?.message.resources[0]?.version, big(3)[0]?.version);
});

test('a client that is too far behind is ended, and gets the difference when it is back', async (t) => {
  const { view, connect } = await startDiscovery(t);
  const stuck = connect();
  stuck.ask('cluster');
  await stuck.responses.next();
  // More names than a view remembers.
  for (let round = 0; round < 70; round++) {
    const set = Array.from({ length: 1000 }, (_, index) => opaque(`c${round}-${index}`));
    view.change({ cluster: { set } });
    view.change({ cluster: { remove: set.map(({ name }) => name) } });
  }
  assert.equal((await stuck.ended).code, 'UNAVAILABLE');
  const again = connect();
  again.ask('cluster', { held: { 'c0-0': '1' } });
  assert.deepEqual((await again.take()).removed, ['c0-0']);
});

test('a client that has all it asked for is never too far behind, whatever else changes', async (t) => {
  const { view, connect } = await startDiscovery(t);
  const client = connect();
  client.ask('secret', { subscribe: ['mine'] });
  await client.take();
  // More names than a view remembers.
  for (let round = 0; round < 70; round++) {
    const others = Array.from({ length: 1000 }, (_, index) => opaque(`s${round}-${index}`));
    view.change({ secret: { set: [opaque('mine', String(round)), ...others] } });
    assert.deepEqual((await client.take()).updated, ['mine']);
  }
});

test('connections that are no HTTP/2, no gRPC or cut off leave nothing behind', async (t) => {
  const { view, discovery, socketPath, connect } = await startDiscovery(t);
  for (let round = 0; round < 20; round++) {
    const socket = connectNet(socketPath);
    socket.on('error', () => undefined);
    socket.resume();
    socket.end('GET / HTTP/1.1\r\n\r\n');
    await once(socket, 'close');
  }
  const session = connectHttp2('http://localhost', { createConnection: () => connectNet(socketPath) });
  t.after(() => session.destroy());
  const compressed = session.request({ ':method': 'POST', ':path': adsMethod });
  compressed.write(Buffer.from([1, 0, 0, 0, 0]));
  const [trailers] = await once(compressed, 'trailers');
  assert.equal(trailers['grpc-status'], '12');
  const client = connect();
  client.ask('cluster');
  await client.take();
  client.cancel();
  await until('no stream is left', () => discovery.proxies().length === 0 && view.listeners === 0);
});

test('thousands of connections leak nothing', async (t) => {
  const { view, discovery, connect } = await startDiscovery(t);
  view.change({ cluster: { set: Array.from({ length: 200 }, (_, index) => opaque(`c${index}`)) } });
  const round = async () => {
    const client = connect();
    client.ask('cluster');
    client.ask('endpoint', { subscribe: ['x'] });
    await client.responses.next();
    client.cancel();
    await client.ended;
  };
  const rounds = async (count: number) => {
    for (let done = 0; done < count; done += 20) await Promise.all(Array.from({ length: 20 }, round));
  };
  await rounds(300);
  const before = handles();
  await rounds(1000);
  await until('all are gone', () => discovery.proxies().length === 0 && view.listeners === 0);
  await until('no handle is left', () => handles() <= before + 5);
});

test('an error in one stream ends that stream only', async (t) => {
  const { view, connect } = await startDiscovery(t);
  const good = connect();
  good.ask('listener');
  await good.take();
  const bad = connect();
  bad.ask('cluster');
  await bad.take();
  const broken = {
    ...opaque('broken'),
    get bytes(): Uint8Array {
      throw new Error('cannot be read');
    },
  };
  view.change({ cluster: { set: [broken] }, listener: { set: [opaque('l')] } });
  assert.equal((await bad.ended).code, 'INTERNAL');
  assert.deepEqual((await good.take()).updated, ['l']);
});

test('close ends all streams, tells why, and removes the socket', async (t) => {
  const { discovery, connect } = await startDiscovery(t);
  const clients = Array.from({ length: 20 }, () => connect());
  for (const client of clients) {
    client.ask('cluster');
    await client.take();
  }
  const started = performance.now();
  await discovery.close();
  assert.ok(performance.now() - started < 2000);
  for (const client of clients) assert.equal((await client.ended).code, 'UNAVAILABLE');
  const late = connect();
  late.ask('cluster');
  assert.equal((await late.ended).code, 'UNAVAILABLE');
});

function handles(): number {
  return process.getActiveResourcesInfo().length;
}

function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('a socket that is opened while discovery closes is closed again', async (t) => {
  const { discovery, socketPath } = await startDiscovery(t);
  const late = `${socketPath}.late`;
  const closed = discovery.close();
  await assert.rejects(discovery.serveProxy({ identity: testProxy('late'), socketPath: late }), /stops/);
  await closed;
  const refused = connectNet(late);
  await once(refused, 'error');
});
