// The traps of VHDS before a listener serves: who makes no update keeps the listener dead, at the start all workers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EnvoyProcess, startEnvoy } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { adsBootstrap, startXdsScript } from '../support/xds-script.ts';
import { staticCluster } from './envoy-json.ts';
import { hostResource, rdsListener, routeConfiguration, startUnanswered } from './vhds-mesh.ts';

async function live(envoy: EnvoyProcess, timeoutMs: number): Promise<number> {
  const started = performance.now();
  await until('Envoy is live', async () => (await envoy.state()) === 'LIVE', timeoutMs);
  return performance.now() - started;
}

test('an empty first VHDS answer is acknowledged but keeps Envoy dead until initial_fetch_timeout', async (t) => {
  const { stream, envoy } = await startUnanswered(t, ['80']);
  await stream.subscription('RDS');
  await stream.push({ type: 'RDS', resources: [routeConfiguration('80', { fetchTimeout: 2 })] });
  await stream.subscription('VHDS');
  await stream.push({ type: 'VHDS' });
  assert.notEqual(await envoy.state(), 'LIVE');
  const ms = await live(envoy, 10_000);
  assert.ok(ms > 1000, `live after ${ms} ms, before the timeout`);
});

test('removing a name that never was frees the listener at once', async (t) => {
  const { stream, envoy } = await startUnanswered(t, ['80']);
  await stream.subscription('RDS');
  await stream.push({ type: 'RDS', resources: [routeConfiguration('80', { fetchTimeout: 15 })] });
  await stream.subscription('VHDS');
  await stream.push({ type: 'VHDS', removed: ['80/none'] });
  await live(envoy, 5000);
  assert.equal((await httpCall({ port: await envoy.listenerPort('80'), host: 'a.test' })).status, 502);
});

/** An Envoy with listener 80 over LDS, live, holding a.test. */
async function startWithLds(t: Parameters<typeof startEnvoy>[0]['t'], port: number) {
  const outside = await startOutsideHttp({ t });
  const xds = await startXdsScript({ t });
  const { dynamic_resources, xdsCluster } = adsBootstrap(xds.address, { lds: true });
  const clusters = [xdsCluster, staticCluster('up', outside.port)];
  const bootstrap = { dynamic_resources, static_resources: { clusters } };
  const starting = startEnvoy({ t, bootstrap, args: ['--drain-time-s', '1'] });
  const stream = await xds.nextStream();
  await stream.subscription('LDS');
  await stream.push({ type: 'LDS', resources: [{ name: '80', value: rdsListener('80', port) }] });
  await stream.subscription('RDS');
  await stream.push({ type: 'RDS', resources: [routeConfiguration('80')] });
  await stream.subscription('VHDS');
  await stream.push({ type: 'VHDS', resources: [hostResource('80', 'a.test')] });
  return { stream, envoy: await starting };
}

test('a RouteConfiguration that comes later makes no VHDS request; its listener is dead until hosts are pushed', async (t) => {
  const [port80, port81] = [await freePort(), await freePort()];
  const { stream } = await startWithLds(t, port80);
  await stream.push({ type: 'LDS', resources: [{ name: '81', value: rdsListener('81', port81) }] });
  const request = await stream.subscription('RDS');
  assert.deepEqual(request.resourceNamesSubscribe, ['81']);
  await stream.push({ type: 'RDS', resources: [routeConfiguration('81', { fetchTimeout: 60 })] });

  await assert.rejects(stream.subscription('VHDS', 1500), /nothing fitting/);
  await assert.rejects(httpCall({ port: port81, host: 'a.test' }), { code: 'ECONNREFUSED' });
  await stream.push({ type: 'VHDS', resources: [hostResource('81', 'a.test')] });
  await until(
    'listener 81 serves',
    async () => (await httpCall({ port: port81, host: 'a.test' })).status === 200,
    3000,
  );
});

test('after RDS unsubscribed and subscribed again all hosts are lost and nothing asks for them', async (t) => {
  const port = await freePort();
  const { stream } = await startWithLds(t, port);
  await until('a.test is served', async () => (await httpCall({ port, host: 'a.test' })).status === 200);

  await stream.push({ type: 'LDS', removed: ['80'] });
  const gone = (request: { resourceNamesUnsubscribe: string[] }) => request.resourceNamesUnsubscribe.includes('80');
  await stream.requests.find(gone);
  await stream.push({ type: 'LDS', resources: [{ name: '80', version: '2', value: rdsListener('80', port) }] });
  await stream.requests.next((request) => request.resourceNamesSubscribe.includes('80'));
  await stream.push({ type: 'RDS', resources: [routeConfiguration('80', { fetchTimeout: 1 })] });
  await until('the listener serves again', async () => (await httpCall({ port, host: 'no.test' })).status === 502);

  assert.equal((await httpCall({ port, host: 'a.test' })).status, 502);
  await assert.rejects(stream.subscription('VHDS', 500), /nothing fitting/);
  await stream.push({ type: 'VHDS', resources: [hostResource('80', 'a.test')] });
  assert.equal((await httpCall({ port, host: 'a.test' })).status, 200);
});
