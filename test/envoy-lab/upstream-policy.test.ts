// Limits, time-outs and ejection that a destination's settings ask for, as Envoy keeps them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { ClusterSchema } from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { buildHttpProtocolOptions, httpProtocolOptionsKey } from '../../src/envoy/http-protocol-options.ts';
import { bytesToJson } from '../../src/envoy/json.ts';
import type { UpstreamConnections } from '../../src/envoy/upstream-connections.ts';
import { buildUpstreamPolicy, type UpstreamPolicy } from '../../src/envoy/upstream-policy.ts';
import { socketAddress } from '../../src/envoy/values.ts';
import { type Scope, startEnvoy } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import { type OutsideHttpOptions, startOutsideHttp } from '../support/outside-server.ts';
import { until } from '../support/until.ts';
import { accessLog, httpListener, type Json, virtualHost } from './envoy-json.ts';

interface Setup extends UpstreamPolicy {
  readonly connections?: UpstreamConnections;
  readonly servers?: number;
  readonly respond?: (server: number) => NonNullable<OutsideHttpOptions['respond']>;
  /** Of the route. */
  readonly retryPolicy?: Json;
  /** In place of servers: this one, by HTTP/2. */
  readonly http2At?: number;
}

/** One cluster with this policy before one server or more. */
async function start(t: Scope, setup: Setup) {
  const { connections, servers: count = 1, respond, retryPolicy, http2At, ...policy } = setup;
  const servers = [];
  for (let server = 0; server < count; server++) {
    servers.push(await startOutsideHttp({ t, ...(respond === undefined ? {} : { respond: respond(server) }) }));
  }
  const cluster = create(ClusterSchema, {
    name: 'up',
    loadAssignment: {
      clusterName: 'up',
      endpoints: [
        {
          lbEndpoints: (http2At === undefined ? servers : [{ port: http2At }]).map(({ port }) => ({
            hostIdentifier: { case: 'endpoint' as const, value: { address: socketAddress('127.0.0.1', port) } },
          })),
        },
      ],
    },
    ...buildUpstreamPolicy(policy),
    typedExtensionProtocolOptions: {
      [httpProtocolOptionsKey]: buildHttpProtocolOptions({
        version: http2At === undefined ? 'http1' : 'http2',
        connections,
      }),
    },
  });
  const manager = {
    access_log: accessLog('%RESPONSE_CODE% %RESPONSE_FLAGS%'),
    route_config: {
      virtual_hosts: [
        virtualHost('all', ['*'], 'up', {
          timeout: '0s',
          ...(retryPolicy === undefined ? {} : { retry_policy: retryPolicy }),
        }),
      ],
    },
  };
  const clusters = [bytesToJson(ClusterSchema, toBinary(ClusterSchema, cluster))];
  const static_resources = { clusters, listeners: [httpListener('in', { manager })] };
  const envoy = await startEnvoy({ t, bootstrap: { static_resources } });
  const port = await envoy.listenerPort('in');
  const call = async () => (await httpCall({ port, host: 'a.test' })).status;
  return { envoy, servers, call };
}

for (const [name, limits] of [
  ['one request at a time', { maxRequests: 1 }],
  ['one connection, and one may wait for it', { maxConnections: 1, maxPendingRequests: 1 }],
] as const) {
  test(`${name}: what is above the limit gets 503 UO at once, and the rest passes`, async (t) => {
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const respond = () => async (_request: unknown, response: { end(): void }) => {
      await held;
      response.end();
    };
    const { envoy, servers, call } = await start(t, { limits, respond });
    const first = call();
    await servers[0]?.requests.next();
    const more = Array.from({ length: 4 }, call);
    const refused = await until('some are refused', async () => {
      const lines = envoy.stdout.items.filter((line) => line === '503 UO');
      return lines.length >= 3 ? lines.length : undefined;
    });
    answer();
    assert.equal(await first, 200);
    const passed = (await Promise.all(more)).filter((status) => status === 200).length;
    assert.equal(passed + refused, 4);
  });
}

test('so many requests over a connection, then another one', async (t) => {
  const { servers, call } = await start(t, { connections: { maxRequestsPerConnection: 2 } });
  for (let request = 0; request < 5; request++) assert.equal(await call(), 200);
  const peers = servers[0]?.requests.items.map(({ peer }) => peer) ?? [];
  const [a, b, c] = [...new Set(peers)];
  assert.deepEqual(peers, [a, a, b, b, c]);
});

for (const connections of [{ idleTimeoutMs: 100 }, { maxConnectionDurationMs: 100 }]) {
  test(`${Object.keys(connections).join()}: the connection is closed then`, async (t) => {
    const { envoy, servers, call } = await start(t, { connections });
    assert.equal(await call(), 200);
    await until('it is closed', async () => (await envoy.stat('cluster.up.upstream_cx_active')) === 0);
    assert.equal(await call(), 200);
    assert.equal(new Set(servers[0]?.requests.items.map(({ peer }) => peer)).size, 2);
  });
}

test('an endpoint that answers 5xx so many times is left alone for a while; the other gets everything', async (t) => {
  const respond = (server: number) => (_request: unknown, response: { statusCode: number; end(): void }) => {
    response.statusCode = server === 0 ? 500 : 200;
    response.end();
  };
  const outliers = { consecutive5xx: 3, intervalMs: 50, baseEjectionMs: 60_000, maxEjectionPercent: 100 };
  const { envoy, servers, call } = await start(t, {
    outliers,
    loadBalancing: { kind: 'round-robin' },
    servers: 2,
    respond,
  });
  for (let request = 0; request < 8; request++) await call();
  await until('it is ejected', async () => (await envoy.stat('cluster.up.outlier_detection.ejections_active')) === 1);
  const before = servers[0]?.requests.items.length ?? 0;
  assert.equal(before, 3);
  for (let request = 0; request < 6; request++) assert.equal(await call(), 200);
  assert.equal(servers[0]?.requests.items.length, before);
});

test('a count of 0 ejects nobody', async (t) => {
  const respond = () => (_request: unknown, response: { statusCode: number; end(): void }) => {
    response.statusCode = 503;
    response.end();
  };
  const outliers = { consecutive5xx: 0, consecutiveGatewayErrors: 0, intervalMs: 50 };
  const { envoy, servers, call } = await start(t, { outliers, respond });
  for (let request = 0; request < 12; request++) assert.equal(await call(), 503);
  assert.equal(await envoy.stat('cluster.up.outlier_detection.ejections_active'), 0);
  assert.equal(servers[0]?.requests.items.length, 12);
});

test('with every endpoint ejected nothing is sent, unless a share of healthy ones is asked for', async (t) => {
  const respond = () => (_request: unknown, response: { statusCode: number; end(): void }) => {
    response.statusCode = 500;
    response.end();
  };
  const outliers = { consecutive5xx: 1, intervalMs: 50, baseEjectionMs: 60_000, maxEjectionPercent: 100 };
  for (const [minHealthPercent, status] of [
    [undefined, 503],
    [50, 500],
  ] as const) {
    const { envoy, call } = await start(t, { outliers: { ...outliers, minHealthPercent }, respond });
    assert.equal(await call(), 500);
    await until('it is ejected', async () => (await envoy.stat('cluster.up.outlier_detection.ejections_active')) === 1);
    assert.equal(await call(), status);
  }
});

test('a retry budget bounds retries, and gives way to no other bound', async (t) => {
  const respond = () => (_request: unknown, response: { statusCode: number; end(): void }) => {
    response.statusCode = 503;
    response.end();
  };
  const retryPolicy = { retry_on: '5xx', num_retries: 3 };
  for (const [retryBudget, requests] of [
    [undefined, 4],
    [{ percent: 0, minRetryConcurrency: 0 }, 1],
    [{ percent: 100 }, 4],
  ] as const) {
    const { servers, call } = await start(t, { retryBudget, respond, retryPolicy });
    assert.equal(await call(), 503);
    assert.equal(servers[0]?.requests.items.length, requests);
  }
});

test('a server that does not answer pings is left', async (t) => {
  const silent = createTcpServer((socket) => {
    // HTTP/2 begins, and says nothing more: its own SETTINGS alone.
    socket.on('error', () => {});
    socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => void silent.close());
  const bound = silent.address();
  if (bound === null || typeof bound === 'string') assert.fail();
  const connections = { http2KeepAlive: { intervalMs: 100, timeoutMs: 200 } };
  const { envoy, call } = await start(t, { connections, http2At: bound.port });
  const answered = call();
  await until('the connection is given up', async () => (await envoy.stat('cluster.up.http2.keepalive_timeout')) === 1);
  assert.equal(await answered, 503);
});

test('keepalive and the time to connect are taken as they are', async (t) => {
  const keepalive = { probes: 3, timeMs: 7000, intervalMs: 400 };
  const { envoy, call } = await start(t, { keepalive, connectTimeoutMs: 1500, loadBalancing: { kind: 'random' } });
  assert.equal(await call(), 200);
  const dump = await envoy.admin('/config_dump?resource=static_clusters');
  assert.match(dump, /"connect_timeout": "1\.500s"/);
  assert.match(dump, /"lb_policy": "RANDOM"/);
  assert.match(dump, /"keepalive_probes": 3,\s+"keepalive_time": 7,\s+"keepalive_interval": 1/);
});
