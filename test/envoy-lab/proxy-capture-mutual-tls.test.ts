// There is no mTLS with proxy capture. Within the mesh both ends do without; to a host outside it nothing may leave in the clear
// that a DestinationRule wants in mTLS.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { askProxy, openTunnel } from '../support/proxy-client.ts';
import { policy, portList, serviceEntry, startExplicitProxy } from './explicit-proxy-mesh.ts';

function wantsMutualTls(host: string): string {
  return `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: mutual, namespace: default }
spec: { host: '${host}', trafficPolicy: { tls: { mode: ISTIO_MUTUAL } } }
`;
}

for (const mode of ['REGISTRY_ONLY', 'ALLOW_ANY'] as const) {
  test(`${mode}: nothing is sent where ISTIO_MUTUAL leads outside the mesh, however the host is found`, async (t) => {
    const mesh = await startExplicitProxy(
      t,
      ({ http, echo }) =>
        policy(mode) +
        serviceEntry(
          'named',
          `{ hosts: [a.example.test], ${portList(`80/HTTP>${http}`, `5432/TCP>${echo}`)}, resolution: DNS }`,
        ) +
        serviceEntry('wild', `{ hosts: ['*.wild.test'], ${portList(`80/HTTP>${http}`)}, resolution: DYNAMIC_DNS }`) +
        serviceEntry('none', `{ hosts: [b.example.test], ${portList(`80/HTTP>${http}`)}, resolution: NONE }`),
    );
    const { proxy, http, echo } = mesh;
    const found = {
      'a.example.test': 'a.example.test',
      'one.wild.test': '*.wild.test',
      'b.example.test': 'b.example.test',
    };
    for (const [host, ruled] of Object.entries(found)) {
      assert.equal((await askProxy(proxy, `http://${host}/`)).status, 200, host);
      await mesh.apply(wantsMutualTls(ruled));
      const before = http.connections.items.length;
      assert.equal((await askProxy(proxy, `http://${host}/`)).status, 503, host);
      assert.equal(http.connections.items.length, before, host);
      if (host === 'a.example.test') {
        const tunnel = await openTunnel(proxy, `${host}:5432`);
        tunnel.socket.destroy();
        assert.equal(tunnel.status, 503);
        assert.equal(echo.connections.items.length, 0);
      }
      await mesh.remove(wantsMutualTls(ruled));
      assert.equal((await askProxy(proxy, `http://${host}/`)).status, 200, host);
    }
    const tunnel = await openTunnel(proxy, 'a.example.test:5432');
    assert.equal(tunnel.status, 200);
    tunnel.socket.destroy();
  });
}

test('within the mesh it is plaintext', async (t) => {
  const mesh = await startExplicitProxy(
    t,
    ({ http }) =>
      policy('REGISTRY_ONLY') +
      serviceEntry(
        'inside',
        `{ hosts: [a.example.test], location: MESH_INTERNAL, ${portList(`80/HTTP>${http}`)}, resolution: DNS }`,
      ) +
      wantsMutualTls('a.example.test'),
  );
  assert.equal((await askProxy(mesh.proxy, 'http://a.example.test/')).status, 200);
});
