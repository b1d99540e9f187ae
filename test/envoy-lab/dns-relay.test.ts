// Envoy as a relay for DNS: a UDP and a TCP listener on one port, both to one upstream given by address and port.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { startEnvoy } from '../support/envoy-process.ts';
import { tcpConnect } from '../support/http-client.ts';
import { startOutsideTcp, startOutsideUdp } from '../support/outside-server.ts';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';
import { listener, staticCluster, tcpProxy, typed } from './envoy-json.ts';

async function askUdp(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = createSocket('udp4');
  try {
    socket.send(bytes, port, '127.0.0.1');
    const [answer]: unknown[] = await once(socket, 'message', { signal: AbortSignal.timeout(5000) });
    return Buffer.isBuffer(answer) ? answer : Buffer.alloc(0);
  } finally {
    socket.close();
  }
}

test('UDP and TCP are relayed on one port, long datagrams whole, and an idle UDP session ends', async (t) => {
  const tcp = await startOutsideTcp({ t });
  const udp = await startOutsideUdp({ t, port: tcp.port });
  const port = await freePort();
  const route = typed('envoy.extensions.filters.udp.udp_proxy.v3.Route', { cluster: 'dns' });
  const config = typed('envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig', {
    stat_prefix: 'dns',
    matcher: { on_no_match: { action: { name: 'route', typed_config: route } } },
    idle_timeout: '0.5s',
    upstream_socket_config: { max_rx_datagram_size: 9000 },
  });
  const udpListener = {
    name: 'udp',
    address: { socket_address: { protocol: 'UDP', address: '127.0.0.1', port_value: port } },
    udp_listener_config: { downstream_socket_config: { max_rx_datagram_size: 9000 } },
    listener_filters: [{ name: 'envoy.filters.udp_listener.udp_proxy', typed_config: config }],
  };
  const listeners = [udpListener, listener('tcp', { filter_chains: [{ filters: [tcpProxy('dns')] }] }, port)];
  const clusters = [staticCluster('dns', tcp.port)];
  const envoy = await startEnvoy({ t, bootstrap: { static_resources: { clusters, listeners } } });

  const long = Buffer.alloc(4000, 7);
  assert.deepEqual(await askUdp(port, long), long);
  assert.deepEqual((await udp.datagrams.next()).bytes, long);
  assert.equal(await envoy.stat('udp.dns.downstream_sess_total'), 1);
  await until('the session ended', async () => (await envoy.stat('udp.dns.downstream_sess_active')) === 0, 5000);

  const socket = await tcpConnect(port);
  socket.write('over tcp');
  const [echo]: unknown[] = await once(socket, 'data');
  assert.equal(String(echo), 'over tcp');
  socket.destroy();
});
