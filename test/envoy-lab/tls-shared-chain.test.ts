// TLS passed through by one chain for all hosts: the SNI names the cluster, so allowing a host is one CDS push and
// a name without a cluster is refused. No on_demand: what is not there is not asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Scope, startEnvoy } from '../support/envoy-process.ts';
import { requestOver, tlsHandshake } from '../support/http-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { adsBootstrap, startXdsScript } from '../support/xds-script.ts';
import { accessLog, blackHole, listener, staticCluster, tcpProxy, tlsInspector } from './envoy-json.ts';
import { clusterFromSni } from './tls-chains.ts';

const log = accessLog('sni=%REQUESTED_SERVER_NAME% flags=%RESPONSE_FLAGS% cluster=%UPSTREAM_CLUSTER%');

async function startSharedChain(t: Scope) {
  const outside = await startOutsideHttp({ t, tls: true });
  const xds = await startXdsScript({ t });
  const { dynamic_resources, xdsCluster } = adsBootstrap(xds.address, { cds: true });
  const chain = { filters: [clusterFromSni, tcpProxy('BlackHoleCluster', { access_log: log })] };
  const listeners = [listener('tls', { listener_filters: [tlsInspector], filter_chains: [chain] })];
  const static_resources = { clusters: [xdsCluster, blackHole], listeners };
  const starting = startEnvoy({ t, bootstrap: { dynamic_resources, static_resources } });
  const stream = await xds.nextStream();
  await stream.subscription('CDS');
  await stream.push({ type: 'CDS', removed: ['none'] });
  const envoy = await starting;
  const allow = (host: string) => {
    const name = `outbound|443||${host}`;
    return stream.push({ type: 'CDS', resources: [{ name, value: staticCluster(name, outside.port) }] });
  };
  return { envoy, outside, stream, allow, port: await envoy.listenerPort('tls') };
}

test('an SNI whose cluster is there passes, and a pushed cluster is all it needs', async (t) => {
  const { envoy, outside, allow, port } = await startSharedChain(t);
  assert.deepEqual((await tlsHandshake(port, 'a.example.test')).ok, false);
  assert.equal(await envoy.stdout.next(), 'sni=a.example.test flags=NC cluster=-');

  await allow('a.example.test');
  const outcome = await tlsHandshake(port, 'a.example.test');
  assert.ok(outcome.ok);
  assert.ok(outcome.socket.authorized, 'the certificate is the outside server’s own');
  assert.match(await requestOver(outcome.socket), /^HTTP\/1\.1 200 /);
  assert.equal((await outside.requests.next()).sni, 'a.example.test');
  assert.equal(await envoy.stdout.next(), 'sni=a.example.test flags=- cluster=outbound|443||a.example.test');
});

test('an unknown SNI and none at all are reset with flags NC, and nothing is asked of the server', async (t) => {
  const { envoy, stream, allow, port } = await startSharedChain(t);
  await allow('a.example.test');
  for (const [sni, logged] of [
    ['b.example.test', 'b.example.test'],
    [undefined, '-'],
  ] as const) {
    const outcome = await tlsHandshake(port, sni);
    assert.equal(outcome.ok, false);
    assert.equal(await envoy.stdout.next(), `sni=${logged} flags=NC cluster=-`);
  }
  assert.equal(stream.subscriptions('CDS').length, 1);
});

test('an SNI in another case finds the cluster in lower case', async (t) => {
  const { envoy, allow, port } = await startSharedChain(t);
  await allow('a.example.test');
  const outcome = await tlsHandshake(port, 'A.EXAMPLE.test');
  assert.ok(outcome.ok);
  outcome.socket.destroy();
  assert.equal(await envoy.stdout.next(), 'sni=a.example.test flags=- cluster=outbound|443||a.example.test');
});

test('a removed cluster refuses new connections at once; one that is open goes on', async (t) => {
  const { stream, allow, port } = await startSharedChain(t);
  await allow('a.example.test');
  const held = await tlsHandshake(port, 'a.example.test');
  assert.ok(held.ok);
  await stream.push({ type: 'CDS', removed: ['outbound|443||a.example.test'] });
  assert.equal((await tlsHandshake(port, 'a.example.test')).ok, false);
  assert.match(await requestOver(held.socket), /^HTTP\/1\.1 200 /);
});
