// How a gateway's Envoy tells connections of the mesh's proxies from others: an expression on the caller's address, asked
// once for each connection; and that a listener tells once of a connection that found no chain.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { create, toBinary } from '@bufbuild/protobuf';
import { filtered, withFlags } from '../../src/envoy/access-log-filter.ts';
import { buildGatewayListener } from '../../src/envoy/gateway-listener.ts';
import { ListenerSchema } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { bytesToJson } from '../../src/envoy/json.ts';
import { buildTcpProxy } from '../../src/envoy/network-filters.ts';
import { buildCallerFilter, gatewayReporter, judged } from '../../src/xds/traffic-callers.ts';
import { buildRefusedCounters, buildTcpCounters } from '../../src/xds/traffic-counters.ts';
import { startEnvoy } from '../support/envoy-process.ts';
import { startOutsideTcp } from '../support/outside-server.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { staticCluster } from './envoy-json.ts';

test('callers are told apart by their address, with and without a chain', async (t) => {
  const outside = await startOutsideTcp({ t });
  const port = await freePort();
  const proxies = '^127[.]0[.]0[.](2|3):';
  const route = 'asked.test:443|default/asked|0';
  const accessLog = buildTcpCounters(gatewayReporter, 'any', route);
  const filters = [
    buildCallerFilter(proxies),
    buildTcpProxy({ statPrefix: 'up', cluster: 'outbound|443||asked.test', accessLog }),
  ];
  const listener = buildGatewayListener({
    name: 'gateway',
    bind: { port },
    tlsChains: [{ name: 'asked', serverNames: ['asked.test'], filters }],
    accessLog: [filtered(buildRefusedCounters(judged(proxies)), withFlags(['NR']))],
  });
  const json = bytesToJson(ListenerSchema, toBinary(ListenerSchema, create(ListenerSchema, listener)));
  const clusters = [staticCluster('outbound|443||asked.test', outside.port)];
  const envoy = await startEnvoy({ t, bootstrap: { static_resources: { listeners: [json], clusters } } });

  /** The server outside echoes, so that no handshake succeeds. */
  const call = (localAddress: string, servername: string) =>
    new Promise<void>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, localAddress });
      tlsConnect({ socket, servername, rejectUnauthorized: false })
        .on('error', () => undefined)
        .on('close', () => resolve());
    });
  for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.4']) await call(address, 'asked.test');
  for (const address of ['127.0.0.2', '127.0.0.23', '127.0.0.4']) await call(address, 'lost.test');

  const closed = /istio_tcp_connections_closed_total\{key="([^"]+)"\} (\d+)/g;
  const counted = await until('all are counted', async () => {
    const text = await envoy.admin('/stats/prometheus?filter=istio');
    const all = [...text.matchAll(closed)].map(([, key = '', count]) => [
      key.split(';').slice(0, 3).join(';'),
      Number(count),
    ]);
    return all.reduce((sum, [, count]) => sum + Number(count), 0) === 6 ? Object.fromEntries(all) : undefined;
  });
  assert.deepEqual(counted, {
    [`relay;outbound|443||asked.test;${route}`]: 2,
    [`gateway;outbound|443||asked.test;${route}`]: 1,
    'relay;;': 1,
    'gateway;;': 2,
  });
});
