// VHDS without on-demand: hosts are pushed unasked into a RouteConfiguration whose catch-all stands inline.
import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { test } from 'node:test';
import { httpCall } from '../support/http-client.ts';
import { until } from '../support/until.ts';
import { hostResource, routeConfiguration, startUnanswered, startVhdsMesh } from './vhds-mesh.ts';

test('one empty VHDS request is made for all RouteConfigurations together', async (t) => {
  const { stream } = await startUnanswered(t, ['80', '81']);
  // Both come in one answer: later ones make no request of their own (see the start-up tests).
  const names = new Set<string>();
  while (names.size < 2) for (const name of (await stream.subscription('RDS')).resourceNamesSubscribe) names.add(name);
  await stream.push({ type: 'RDS', resources: [routeConfiguration('80'), routeConfiguration('81')] });
  const request = await stream.subscription('VHDS');
  await stream.push({ type: 'VHDS', removed: ['80/none', '81/none'] });

  assert.deepEqual(request.resourceNamesSubscribe, []);
  assert.deepEqual(request.resourceNamesUnsubscribe, []);
  assert.deepEqual(request.initialResourceVersions, {});
  assert.equal(stream.subscriptions('VHDS').length, 1);
});

test('a host pushed unasked is served, in its own RouteConfiguration only', async (t) => {
  const { stream, envoy } = await startUnanswered(t, ['80', '81']);
  const names = new Set<string>();
  while (names.size < 2) for (const name of (await stream.subscription('RDS')).resourceNamesSubscribe) names.add(name);
  await stream.push({ type: 'RDS', resources: [routeConfiguration('80'), routeConfiguration('81')] });
  await stream.push({ type: 'VHDS', removed: ['80/none', '81/none'] });
  const [port80, port81] = await Promise.all([envoy.listenerPort('80'), envoy.listenerPort('81')]);
  assert.equal((await httpCall({ port: port80, host: 'a.test' })).status, 502);

  await stream.push({ type: 'VHDS', resources: [hostResource('80', 'a.test')] });
  assert.equal((await httpCall({ port: port80, host: 'a.test' })).status, 200);
  assert.equal((await httpCall({ port: port81, host: 'a.test' })).status, 502);
});

test('a removed host falls back to block_all', async (t) => {
  const { stream, port } = await startVhdsMesh(t, ['a.test', 'b.test']);
  assert.equal((await httpCall({ port, host: 'a.test' })).status, 200);
  await stream.push({ type: 'VHDS', removed: ['80/a.test'] });
  assert.equal((await httpCall({ port, host: 'a.test' })).status, 502);
  assert.equal((await httpCall({ port, host: 'b.test' })).status, 200);
});

test('hosts survive when the RouteConfiguration is sent again', async (t) => {
  const { stream, port } = await startVhdsMesh(t, ['a.test']);
  await stream.push({ type: 'RDS', resources: [routeConfiguration('80', { version: '2', blocked: 404 })] });
  await until('the new catch-all is in force', async () => (await httpCall({ port, host: 'no.test' })).status === 404);
  assert.equal((await httpCall({ port, host: 'a.test' })).status, 200);
  assert.equal(stream.subscriptions('VHDS').length, 1);
});

test('no request on a kept-open connection is lost while hosts are pushed', async (t) => {
  const { stream, port } = await startVhdsMesh(t, ['a.test']);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const statuses = new Set<number>();
  const ports = new Set<number>();
  let requests = 0;
  let pushing = true;
  const calls = (async () => {
    while (pushing) {
      const answer = await httpCall({ port, host: 'a.test', agent });
      statuses.add(answer.status);
      ports.add(answer.localPort);
      requests += 1;
    }
  })();
  for (let index = 0; index < 100; index++) {
    await stream.push({ type: 'VHDS', resources: [hostResource('80', `h${index}.test`)] });
  }
  pushing = false;
  await calls;
  assert.deepEqual([...statuses], [200]);
  assert.equal(ports.size, 1, 'the connection was kept');
  assert.ok(requests > 50, `only ${requests} requests ran beside the pushes`);
});
