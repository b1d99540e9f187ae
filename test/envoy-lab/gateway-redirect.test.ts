// httpsRedirect of a gateway: hosts that come by VHDS and the inline catch-all send callers without TLS to https, whatever
// those say of themselves; on a listener that has both kinds of chains.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildDownstreamTls } from '../../src/envoy/downstream-tls.ts';
import { buildGatewayListener } from '../../src/envoy/gateway-listener.ts';
import { VirtualHostSchema } from '../../src/envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../../src/envoy/gen/envoy/config/route/v3/route_pb.js';
import { buildForwardRoute, buildRouteConfiguration, buildVirtualHost } from '../../src/envoy/route.ts';
import { createTestAuthority } from '../support/certificates.ts';
import type { Scope } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import { httpsCall } from '../support/https-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { freePort } from '../support/ports.ts';
import { manager } from './gateway-mesh.ts';
import { certificateSecret, resourceOf, rootsSecret, startSecretMesh, tlsCluster } from './secret-mesh.ts';

/** Plain and TLS on one port; a.test by VHDS, everything else has the catch-all without routes. */
async function start(t: Scope): Promise<number> {
  const authority = await createTestAuthority();
  const outside = await startOutsideHttp({ t, tls: await authority.issue({ commonName: 'up.test' }) });
  const port = await freePort();
  const name = 'http.80';
  const requiresTls = true;
  const tls = buildDownstreamTls({ certificateSecrets: ['server'], requireClientCertificate: false });
  const catchAll = buildVirtualHost('blackhole', ['*'], [], { requiresTls });
  const { stream } = await startSecretMesh(t, {
    clusters: [tlsCluster('up', outside.port, { validationSecret: 'roots', sni: 'up.test' })],
    listeners: [
      buildGatewayListener({
        name: 'gateway',
        bind: { port },
        plainChain: { name: 'plain', filters: [manager(name)] },
        tlsChains: [{ name: 'tls', serverNames: ['*'], filters: [manager(name)], tls }],
        accessLog: [],
      }),
    ],
    routes: [resourceOf(RouteConfigurationSchema, name, buildRouteConfiguration({ name, virtualHosts: [catchAll] }))],
    secrets: [
      certificateSecret('server', await authority.issue({ commonName: 'a.test' })),
      rootsSecret('roots', authority.root),
    ],
  });
  const host = buildVirtualHost('a', ['a.test'], [buildForwardRoute({ name: 'a', cluster: 'up' })], { requiresTls });
  await stream.push({ type: 'VHDS', resources: [resourceOf(VirtualHostSchema, `${name}/a.test`, host)] });
  return port;
}

test('without TLS every host is sent to https, path and query kept', async (t) => {
  const port = await start(t);
  for (const [host, path, location] of [
    ['a.test', '/x?y=1', 'https://a.test/x?y=1'],
    ['c.test', '/', 'https://c.test/'],
    // Envoy keeps the port that the caller named, though nothing serves https there.
    ['a.test:8080', '/', 'https://a.test:8080/'],
  ] as const) {
    const { status, headers, body } = await httpCall({ port, host, path, headers: { 'x-forwarded-proto': 'https' } });
    assert.deepEqual([status, headers['location'], body], [301, location, '']);
    assert.equal(headers['server'], 'istio-envoy');
  }
});

test('with TLS the host is served, and one that nobody has gets 404', async (t) => {
  const port = await start(t);
  assert.equal((await httpsCall({ port, host: 'a.test' })).status, 200);
  assert.equal((await httpsCall({ port, host: 'c.test' })).status, 404);
});
