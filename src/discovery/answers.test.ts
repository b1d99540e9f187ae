// What follows from a proxy's answers: accepted, refused, or about something older.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDiscovery } from '../../test/support/discovery.ts';
import { opaque } from '../../test/support/memory-view.ts';
import { until } from '../../test/support/until.ts';
import { typeUrls } from './view.ts';

test('of clusters Envoy names the bad one: it is told with its object, the others go again at once', async (t) => {
  const { view, discovery, connect } = await startDiscovery(t, { clock: () => Date.UTC(2026, 0, 1) });
  view.change({ cluster: { set: [opaque('good'), opaque('bad')] } });
  const client = connect();
  client.ask('cluster');
  client.nack(await client.responses.next(), 'Error adding/updating cluster(s) bad: no cluster, see a-good');
  assert.deepEqual((await client.take()).updated, ['good']);
  const status = await until('the refusal is shown', () => {
    const found = discovery.proxies()[0]?.types.get(typeUrls.cluster);
    return found?.state === 'ERROR' && found;
  });
  const since = '2026-01-01T00:00:00.000Z';
  const error = 'no cluster, see a-good';
  assert.deepEqual(status.refused, [{ name: 'bad', origins: ['Test/default/bad'], error, since }]);
  client.ask('listener');
  assert.equal((await client.take()).type, 'listener');

  view.change({ cluster: { set: [opaque('other')] } });
  assert.deepEqual((await client.take()).updated, ['other']);
  assert.equal(discovery.proxies()[0]?.types.get(typeUrls.cluster)?.state, 'ERROR');
  view.change({ cluster: { set: [opaque('bad', '2')] } });
  assert.deepEqual((await client.take()).updated, ['bad']);
  await until('the mended one is accepted', () => {
    return discovery.proxies()[0]?.types.get(typeUrls.cluster)?.state === 'SYNCED';
  });
});

test('where Envoy names nothing the bad one is found by halves, and everything else is accepted', async (t) => {
  const { view, discovery, connect } = await startDiscovery(t);
  const names = Array.from({ length: 100 }, (_, index) => `s${index}`);
  view.change({ secret: { set: names.map((name) => opaque(name)) } });
  const client = connect();
  client.ask('secret', { subscribe: names });
  const held = new Set<string>();
  const bad = ['s17', 's80'];
  let sent = 0;
  while (held.size < 98 || discovery.proxies()[0]?.types.get(typeUrls.secret)?.state !== 'ERROR') {
    const response = await client.responses.next();
    sent += 1;
    if (response.updated.some((name) => bad.includes(name))) client.nack(response, 'no key');
    else {
      for (const name of response.updated) held.add(name);
      client.ack(response);
      await until(
        'the answer is taken',
        () =>
          discovery.proxies()[0]?.types.get(typeUrls.secret)?.state !== 'STALE' || client.responses.items.length > sent,
      );
    }
  }
  assert.deepEqual(
    names.filter((name) => !held.has(name)),
    bad,
  );
  const refused = discovery
    .proxies()[0]
    ?.types.get(typeUrls.secret)
    ?.refused?.map(({ name }) => name);
  assert.deepEqual(refused?.toSorted(), bad);
  assert.ok(sent < 35, `${sent} responses`);
});

test('a removal that was refused along with others goes again first', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ listener: { set: [opaque('old'), opaque('a'), opaque('b')] } });
  const client = connect();
  client.ask('listener');
  await client.take();
  view.change({ listener: { set: [opaque('a', '2'), opaque('b', '2')], remove: ['old'] } });
  client.nack(await client.responses.next(), 'a bound is broken in "b"');
  const removal = await client.take();
  assert.deepEqual([removal.updated, removal.removed], [[], ['old']]);
  assert.deepEqual((await client.take()).updated, ['a']);
  const suspect = await client.responses.next();
  assert.deepEqual(suspect.updated, ['b']);
  client.nack(suspect, 'a bound is broken in "b"');
  client.ask('cluster');
  assert.equal((await client.take()).type, 'cluster');
});

test('what may use clusters waits until those that were refused along with others are answered', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ cluster: { set: [opaque('a')] }, listener: { set: [opaque('l')] } });
  const client = connect();
  client.ask('cluster');
  await client.take();
  client.ask('listener');
  await client.take();
  view.change({ cluster: { set: [opaque('b'), opaque('bad')] }, listener: { set: [opaque('l', '2')] } });
  client.nack(await client.responses.next(), 'a bound is broken');
  const first = await client.take();
  const second = await client.responses.next();
  assert.deepEqual([first.updated, second.updated], [['b'], ['bad']]);
  client.nack(second, 'a bound is broken');
  assert.equal((await client.take()).type, 'listener');
});

test('a proxy that refuses everything is not sent things in a circle', async (t) => {
  const { view, connect } = await startDiscovery(t);
  view.change({ cluster: { set: Array.from({ length: 500 }, (_, index) => opaque(`c${index}`)) } });
  const client = connect();
  client.ask('cluster');
  client.ask('listener');
  for (let sent = 0; ; sent++) {
    const response = await client.responses.next();
    if (response.type === 'listener') break;
    client.nack(response, 'no');
    assert.ok(sent < 66, 'it ends');
  }
  view.change({ cluster: { set: [opaque('d')] } });
  assert.deepEqual((await client.take()).updated, ['d']);
});

test('once the trials are used up, type and resources alike stay STALE until something changes', async (t) => {
  const { view, discovery, nodeId, connect } = await startDiscovery(t);
  const names = Array.from({ length: 200 }, (_, index) => `s${index}`);
  view.change({ secret: { set: names.map((name) => opaque(name)) } });
  const client = connect();
  client.ask('secret', { subscribe: names });
  // Words that mention each: so each is a trial of its own.
  client.nack(await client.responses.next(), names.join(' '));
  const trials = async () => {
    for (let trial = 0; trial < 64; trial++) assert.equal((await client.take()).updated.length, 1);
    client.ask('endpoint', { subscribe: ['nowhere'] });
    assert.equal((await client.take()).type, 'endpoint');
  };
  const undecided = () => {
    const syncOf = discovery.syncs(nodeId, typeUrls.secret);
    return [...view.resources(typeUrls.secret).values()].filter((secret) => syncOf?.(secret).state === 'STALE');
  };
  const state = () => discovery.proxies()[0]?.types.get(typeUrls.secret)?.state;
  await trials();
  assert.deepEqual([undecided().length, state()], [200 - 64, 'STALE']);

  const [first = '', ...others] = undecided().map(({ name }) => name);
  view.change({ secret: { set: [opaque(first, '2')] } });
  assert.deepEqual((await client.take()).updated, [first]);
  await trials();
  assert.deepEqual([undecided().length, state()], [200 - 64 - 1 - 64, 'STALE']);
  view.change({ secret: { remove: others } });
  assert.deepEqual((await client.take()).removed.toSorted(), others.toSorted());
  await until('nothing is left to decide', () => state() === 'SYNCED');
});

test('a part of which nothing can be sent costs no trial', async (t) => {
  const { view, connect } = await startDiscovery(t);
  const names = Array.from({ length: 100 }, (_, index) => `c${index}`);
  view.change({ cluster: { set: names.map((name) => opaque(name)) } });
  const client = connect();
  client.ask('cluster', { subscribe: ['nowhere', ...names] });
  client.ask('listener');
  const refused = await client.responses.next();
  assert.deepEqual(refused.removed, ['nowhere']);
  client.nack(refused, names.join(' '));
  let trials = 0;
  while ((await client.take()).type === 'cluster') trials += 1;
  assert.equal(trials, 64);
});

test('clusters that are taken away are no longer undecided', async (t) => {
  const { view, discovery, connect } = await startDiscovery(t);
  const names = Array.from({ length: 100 }, (_, index) => `c${index}`);
  view.change({ cluster: { set: names.map((name) => opaque(name)) } });
  const client = connect();
  client.ask('cluster');
  client.ask('listener');
  client.nack(await client.responses.next(), names.join(' '));
  while ((await client.take()).type === 'cluster');
  view.change({ cluster: { remove: names } });
  assert.equal((await client.take()).removed.length, names.length);
  await until(
    'nothing is left to decide',
    () => discovery.proxies()[0]?.types.get(typeUrls.cluster)?.state === 'SYNCED',
  );
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
