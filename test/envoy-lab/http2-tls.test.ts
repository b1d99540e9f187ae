// HTTP/2 under TLS on either side of a gateway: chosen by ALPN, and never what the other side speaks.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createSecureServer } from 'node:http2';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { Cluster } from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { createTestAuthority, type TestAuthority } from '../support/certificates.ts';
import type { Scope } from '../support/envoy-process.ts';
import { httpsCall } from '../support/https-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { freePort } from '../support/ports.ts';
import { gatewayListener, routesTo } from './gateway-mesh.ts';
import { certificateSecret, rootsSecret, startSecretMesh, tlsCluster } from './secret-mesh.ts';

const tls = { validationSecret: 'roots', sni: 'up.test', subjectAltNames: ['up.test'] };

/** A TLS server that speaks HTTP/2, and HTTP/1.1 if `allowHTTP1`; it answers with the version, the ALPN and the streams so far. */
async function startHttp2(t: Scope, authority: TestAuthority, allowHTTP1: boolean): Promise<number> {
  const server = createSecureServer({ ...(await authority.issue({ commonName: 'up.test' })), allowHTTP1 });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('request', (request, response) => {
    const alpn = 'alpnProtocol' in request.socket ? request.socket.alpnProtocol : 'none';
    response.end(`${request.httpVersion} ${String(alpn)} ${sockets.size}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function startGateway(t: Scope, authority: TestAuthority, cluster: Cluster) {
  const port = await freePort();
  const alpn = ['h2', 'http/1.1'];
  const mesh = await startSecretMesh(t, {
    clusters: [cluster],
    listeners: [gatewayListener(port, [{ name: 'a', hosts: ['a.test'], tls: { alpn } }])],
    routes: [routesTo('a', 'up')],
    secrets: [
      certificateSecret('server.a', await authority.issue({ commonName: 'a.test' })),
      rootsSecret('roots', authority.root),
    ],
  });
  return { ...mesh, port };
}

test('an HTTP/2 caller, an upstream that speaks HTTP/1.1 only', async (t) => {
  const authority = await createTestAuthority();
  const outside = await startOutsideHttp({ t, tls: await authority.issue({ commonName: 'up.test' }) });
  const { port } = await startGateway(t, authority, tlsCluster('up', outside.port, tls));
  const session = connect(`https://127.0.0.1:${port}`, { servername: 'a.test', rejectUnauthorized: false });
  t.after(() => session.destroy());
  const answers = await Promise.all(
    ['/1', '/2', '/3'].map(async (path) => {
      const stream = session.request({ ':path': path, ':authority': 'a.test' });
      const [headers]: { readonly ':status'?: number }[] = await once(stream, 'response');
      stream.resume();
      await once(stream, 'end');
      return headers?.[':status'];
    }),
  );
  assert.equal(session.alpnProtocol, 'h2');
  assert.deepEqual(answers, [200, 200, 200]);
  assert.deepEqual(outside.requests.items.map(({ url, host }) => `${host} ${url}`).sort(), [
    'a.test /1',
    'a.test /2',
    'a.test /3',
  ]);
});

for (const [name, http1] of [
  ['an upstream that speaks HTTP/2 only', false],
  ['an upstream that speaks both', true],
] as const) {
  test(`HTTP/1.1 callers, ${name}: one connection of HTTP/2 for all`, async (t) => {
    const authority = await createTestAuthority();
    const upstream = await startHttp2(t, authority, http1);
    const cluster = tlsCluster('up', upstream, { ...tls, alpn: ['h2'] }, { version: 'http2' });
    const { port } = await startGateway(t, authority, cluster);
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => httpsCall({ port, host: 'a.test' })));
    for (const { status, body } of answers) assert.deepEqual([status, body], [200, '2.0 h2 1']);
  });
}

test('without ALPN in its TLS a cluster offers the version that it speaks', async (t) => {
  const authority = await createTestAuthority();
  const upstream = await startHttp2(t, authority, true);
  for (const [version, seen] of [
    ['http1', '1.1 http/1.1'],
    ['http2', '2.0 h2'],
  ] as const) {
    const { port } = await startGateway(t, authority, tlsCluster('up', upstream, tls, { version }));
    const { status, body } = await httpsCall({ port, host: 'a.test' });
    assert.deepEqual([status, body.slice(0, seen.length)], [200, seen]);
  }
});

test('an upstream that speaks HTTP/2 only refuses a cluster of HTTP/1.1', async (t) => {
  const authority = await createTestAuthority();
  const upstream = await startHttp2(t, authority, false);
  const { port } = await startGateway(t, authority, tlsCluster('up', upstream, tls));
  assert.equal((await httpsCall({ port, host: 'a.test' })).status, 503);
});
