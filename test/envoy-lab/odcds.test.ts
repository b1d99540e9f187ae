// Why clusters are not loaded on demand (ODCDS): a "no" is forgotten in the worst way, and names are never given up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Scope, startEnvoy } from '../support/envoy-process.ts';
import { tlsHandshake } from '../support/http-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { adsBootstrap, startXdsScript } from '../support/xds-script.ts';
import { adsSource, blackHole, listener, staticCluster, tcpProxy, tlsInspector } from './envoy-json.ts';
import { clusterFromSni } from './tls-chains.ts';

const timeoutMs = 1000;

async function startOnDemand(t: Scope) {
  const outside = await startOutsideHttp({ t, tls: true });
  const xds = await startXdsScript({ t });
  const { dynamic_resources, xdsCluster } = adsBootstrap(xds.address, { cds: true });
  const onDemand = { odcds_config: adsSource, timeout: `${timeoutMs / 1000}s` };
  const chain = { filters: [clusterFromSni, tcpProxy('BlackHoleCluster', { on_demand: onDemand })] };
  const listeners = [listener('tls', { listener_filters: [tlsInspector], filter_chains: [chain] })];
  const static_resources = { clusters: [xdsCluster, blackHole], listeners };
  const starting = startEnvoy({ t, bootstrap: { dynamic_resources, static_resources } });
  const stream = await xds.nextStream();
  await stream.subscription('CDS');
  await stream.push({ type: 'CDS', removed: ['none'] });
  const envoy = await starting;
  return { xds, stream, outside, port: await envoy.listenerPort('tls') };
}

test('the first connection to a refused name ends at once, every later one waits the full timeout', async (t) => {
  const { stream, port } = await startOnDemand(t);
  const first = tlsHandshake(port, 'no.example.test');
  const request = await stream.subscription('CDS');
  assert.deepEqual(request.resourceNamesSubscribe, ['outbound|443||no.example.test']);
  await stream.push({ type: 'CDS', removed: ['outbound|443||no.example.test'] });
  const { ok, ms } = await first;
  assert.equal(ok, false);
  assert.ok(ms < timeoutMs / 2, `first took ${ms} ms`);

  const asked = stream.subscriptions('CDS').length;
  const second = await tlsHandshake(port, 'no.example.test');
  assert.equal(second.ok, false);
  assert.ok(second.ms >= timeoutMs * 0.9, `second took ${second.ms} ms`);
  assert.equal(stream.subscriptions('CDS').length, asked, 'the name is not asked for again');
});

test('names are never unsubscribed and all come again after a reconnect', async (t) => {
  const { xds, stream, outside, port } = await startOnDemand(t);
  const names = ['a', 'b', 'c'].map((label) => `outbound|443||${label}.example.test`);
  for (const label of ['a', 'b', 'c']) {
    const handshake = tlsHandshake(port, `${label}.example.test`);
    const name = `outbound|443||${label}.example.test`;
    await stream.requests.next((request) => request.resourceNamesSubscribe.includes(name));
    // One is allowed, two are refused: all are kept.
    if (label === 'a')
      await stream.push({ type: 'CDS', resources: [{ name, value: staticCluster(name, outside.port) }] });
    else await stream.push({ type: 'CDS', removed: [name] });
    const outcome = await handshake;
    if (outcome.ok) outcome.socket.destroy();
    assert.equal(outcome.ok, label === 'a');
  }
  assert.deepEqual(
    stream.requests.items.flatMap((request) => request.resourceNamesUnsubscribe),
    [],
  );
  stream.end();
  const request = await (await xds.nextStream()).subscription('CDS');
  assert.deepEqual([...request.resourceNamesSubscribe].sort(), ['*', ...names].sort());
});
