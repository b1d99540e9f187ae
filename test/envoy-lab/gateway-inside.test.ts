// A gateway's listener without a socket: the bootstrap has the socket and hands connections on. TLS, SNI and the caller's
// address are as they would be at a socket of its own.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBinary } from '@bufbuild/protobuf';
import { buildAccessLogFile } from '../../src/envoy/access-log.ts';
import { ClusterSchema } from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { buildInternalCluster } from '../../src/envoy/internal-listener.ts';
import { bytesToJson } from '../../src/envoy/json.ts';
import { createTestAuthority } from '../support/certificates.ts';
import { httpsCall } from '../support/https-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { listener, tcpProxy, typed } from './envoy-json.ts';
import { gatewayListener, routesTo } from './gateway-mesh.ts';
import { certificateSecret, rootsSecret, startSecretMesh, tlsCluster } from './secret-mesh.ts';

const internalListeners = {
  name: 'envoy.bootstrap.internal_listener',
  typed_config: typed('envoy.extensions.bootstrap.internal_listener.v3.InternalListener'),
};

/** Else a connection that ends inside overtakes the answer before it (src/envoy/bootstrap-proxy-capture.ts). */
const noResets = {
  layers: [
    { name: 'static', static_layer: { 'envoy.reloadable_features.enable_send_rst_on_user_space_socket': false } },
    { name: 'admin', admin_layer: {} },
  ],
};

test('connections handed over end their TLS inside, and the log tells the caller', async (t) => {
  const authority = await createTestAuthority();
  const outside = await startOutsideHttp({ t, tls: await authority.issue({ commonName: 'up.test' }) });
  const handOver = bytesToJson(ClusterSchema, toBinary(ClusterSchema, buildInternalCluster('gateway', 'caller')));
  const log = buildAccessLogFile(
    '/dev/stdout',
    '%DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %RESPONSE_CODE%\n',
  );
  const { envoy } = await startSecretMesh(t, {
    bootstrap: { bootstrap_extensions: [internalListeners], layered_runtime: noResets },
    staticClusters: [handOver],
    staticListeners: [listener('socket', { filter_chains: [{ filters: [tcpProxy('gateway')] }] })],
    clusters: [tlsCluster('up', outside.port, { validationSecret: 'roots', sni: 'up.test' })],
    listeners: [gatewayListener('internal', [{ name: 'a', hosts: ['a.test'] }], [log])],
    routes: [routesTo('a', 'up')],
    secrets: [
      certificateSecret('server.a', await authority.issue({ commonName: 'a.test' })),
      rootsSecret('roots', authority.root),
    ],
  });
  const port = await envoy.listenerPort('socket');
  const { status, certificate, localPort } = await httpsCall({ port, host: 'a.test' });
  assert.deepEqual([status, certificate], [200, 'a.test']);
  assert.equal(await envoy.stdout.next(), `127.0.0.1:${localPort} a.test 200`);
  await assert.rejects(httpsCall({ port, host: 'b.test' }), { code: 'ECONNRESET' });
});
