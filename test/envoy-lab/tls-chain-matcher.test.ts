// TLS with a matcher in front of the chains: many SNIs share one chain, all others get the default chain, and a
// change of the list is an update in place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Scope, startEnvoy } from '../support/envoy-process.ts';
import { requestOver, tlsHandshake } from '../support/http-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { adsBootstrap, startXdsScript } from '../support/xds-script.ts';
import { accessLog, blackHole, type Json, listener, staticCluster, tcpProxy, tlsInspector } from './envoy-json.ts';
import { clusterFromSni, domainChainMatcher, exactChainMatcher } from './tls-chains.ts';

const log = accessLog(
  'chain=%FILTER_CHAIN_NAME% sni=%REQUESTED_SERVER_NAME% flags=%RESPONSE_FLAGS% cluster=%UPSTREAM_CLUSTER%',
);

function tlsListener(matcher: Json, access: Json, port = 0): Json {
  const fields = {
    listener_filters: [tlsInspector],
    filter_chain_matcher: matcher,
    filter_chains: [
      { name: 'known', filters: [clusterFromSni, tcpProxy('BlackHoleCluster', access)] },
      { name: 'wild', filters: [tcpProxy('wild', access)] },
    ],
    default_filter_chain: { name: 'blackhole', filters: [tcpProxy('BlackHoleCluster', access)] },
  };
  return listener('tls', fields, port);
}

function clustersTo(port: number): Json[] {
  const hosts = ['a', 'b'].map((name) => staticCluster(`outbound|443||${name}.example.test`, port));
  return [blackHole, staticCluster('wild', port), ...hosts];
}

async function startStatic(t: Scope, matcher: Json) {
  const outside = await startOutsideHttp({ t, tls: true });
  const listeners = [tlsListener(matcher, { access_log: log })];
  const bootstrap = { static_resources: { clusters: clustersTo(outside.port), listeners } };
  const envoy = await startEnvoy({ t, bootstrap });
  const port = await envoy.listenerPort('tls');
  return async (sni: string | undefined) => {
    const outcome = await tlsHandshake(port, sni);
    if (outcome.ok) outcome.socket.destroy();
    return `${outcome.ok ? 'passed' : 'refused'} ${await envoy.stdout.next()}`;
  };
}

test('exact map: listed SNIs share the chain, others get the default chain and BlackHoleCluster', async (t) => {
  const visit = await startStatic(t, exactChainMatcher('known', ['a.example.test', 'b.example.test']));
  assert.equal(
    await visit('a.example.test'),
    'passed chain=known sni=a.example.test flags=- cluster=outbound|443||a.example.test',
  );
  assert.equal(
    await visit('B.example.test'),
    'passed chain=known sni=b.example.test flags=- cluster=outbound|443||b.example.test',
  );
  assert.equal(await visit('no.test'), 'refused chain=blackhole sni=no.test flags=UH cluster=BlackHoleCluster');
  assert.equal(await visit(undefined), 'refused chain=blackhole sni=- flags=UH cluster=BlackHoleCluster');
});

test('domain matcher: an exact name goes before a wildcard, and a wildcard spans several labels but not its apex', async (t) => {
  const matcher = domainChainMatcher(
    new Map([
      ['*.example.test', 'wild'],
      ['a.example.test', 'known'],
    ]),
  );
  const visit = await startStatic(t, matcher);
  assert.match(await visit('a.example.test'), /^passed chain=known/);
  assert.match(await visit('c.example.test'), /^passed chain=wild/);
  assert.match(await visit('c.d.example.test'), /^passed chain=wild/);
  assert.match(await visit('example.test'), /^refused chain=blackhole/);
  assert.match(await visit('evilexample.test'), /^refused chain=blackhole/);
});

test('an update of the list keeps held connections and drains no chain', async (t) => {
  const outside = await startOutsideHttp({ t, tls: true });
  const xds = await startXdsScript({ t });
  const port = await freePort();
  const { dynamic_resources, xdsCluster } = adsBootstrap(xds.address, { lds: true });
  const bootstrap = { dynamic_resources, static_resources: { clusters: [xdsCluster, ...clustersTo(outside.port)] } };
  const starting = startEnvoy({ t, bootstrap });
  const stream = await xds.nextStream();
  await stream.subscription('LDS');
  const list = (version: string, hosts: readonly string[]) =>
    stream.push({
      type: 'LDS',
      resources: [{ name: 'tls', version, value: tlsListener(exactChainMatcher('known', hosts), {}, port) }],
    });
  await list('1', ['a.example.test']);
  const envoy = await starting;
  const held = await until('a.example.test passes', async () => {
    const outcome = await tlsHandshake(port, 'a.example.test');
    return outcome.ok && outcome.socket;
  });
  assert.equal((await tlsHandshake(port, 'b.example.test')).ok, false);

  await list('2', ['a.example.test', 'b.example.test']);
  const passed = await until('b.example.test passes', async () => {
    const outcome = await tlsHandshake(port, 'b.example.test');
    return outcome.ok && outcome.socket;
  });
  passed.destroy();
  assert.equal(await envoy.stat('listener_manager.listener_in_place_updated'), 1);
  assert.equal(await envoy.stat('listener_manager.total_filter_chains_draining'), 0);
  assert.match(await requestOver(held), /^HTTP\/1\.1 200 /, 'the held connection still carries bytes');
});
