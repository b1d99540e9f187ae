// What a gateway does to a request of a caller whom nobody trusts, and what it says of itself.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { buildGatewayListener } from '../../src/envoy/gateway-listener.ts';
import { ClusterSchema } from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import type { Scope } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
import { freePort } from '../support/ports.ts';
import { manager, routesTo } from './gateway-mesh.ts';
import { startSecretMesh, tlsCluster } from './secret-mesh.ts';

async function start(t: Scope, respond?: Parameters<typeof startOutsideHttp>[0]['respond']) {
  const outside = await startOutsideHttp({ t, ...(respond === undefined ? {} : { respond }) });
  const port = await freePort();
  const { transportSocket: _tls, ...plain } = tlsCluster('up', outside.port, {});
  await startSecretMesh(t, {
    clusters: [create(ClusterSchema, plain)],
    listeners: [
      buildGatewayListener({
        name: 'gateway',
        bind: { port },
        tlsChains: [],
        plainChain: { name: 'plain', filters: [manager('http.80')] },
        accessLog: [],
      }),
    ],
    routes: [routesTo('http.80', 'up')],
  });
  return { outside, port };
}

test("a caller's x-envoy-* and certificate claims go, X-Forwarded-For is appended to, nothing is made up", async (t) => {
  const { outside, port } = await start(t);
  const headers = {
    'x-envoy-original-dst-host': '127.0.0.2:80',
    'x-envoy-upstream-rq-timeout-ms': '1',
    'x-envoy-internal': 'true',
    'x-forwarded-client-cert': 'Subject="CN=liar"',
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-proto': 'https',
  };
  const answer = await httpCall({ port, host: 'a.test', headers });
  assert.deepEqual([answer.status, answer.headers['server']], [200, 'istio-envoy']);
  const seen = (await outside.requests.next()).headers;
  const names = [...seen.keys()].filter((name) => name.startsWith('x-')).sort();
  assert.deepEqual(names, ['x-envoy-external-address', 'x-forwarded-for', 'x-forwarded-proto']);
  assert.equal(seen.get('x-forwarded-proto'), 'http');
  // For a caller on the loopback Envoy puts an address of its own machine.
  assert.match(seen.get('x-forwarded-for') ?? '', /^192\.0\.2\.1,.+/);
});

test('dot segments are resolved before the route is chosen, double slashes stay, a trailing dot of the host goes', async (t) => {
  const { outside, port } = await start(t);
  for (const [path, url] of [
    ['/a/../b', '/b'],
    ['/a/%2e%2e/b', '/b'],
    ['/a//b', '/a//b'],
    ['/a?x=/../y', '/a?x=/../y'],
  ] as const) {
    assert.equal((await httpCall({ port, host: 'a.test.', path })).status, 200);
    const seen = await outside.requests.next();
    assert.deepEqual([seen.url, seen.host], [url, 'a.test']);
  }
});

test('a websocket passes', async (t) => {
  const { outside, port } = await start(t);
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket', host: 'a.test' };
  const asked = request({ host: '127.0.0.1', port, headers: upgrade });
  asked.end();
  const [answer]: { readonly statusCode?: number }[] = await once(asked, 'response');
  asked.destroy();
  assert.equal(answer?.statusCode, 200, 'this server knows no websockets');
  assert.equal((await outside.requests.next()).headers.get('upgrade'), 'websocket');
});
