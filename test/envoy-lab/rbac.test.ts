// What RBAC's network filter does with connections, and what it and the HTTP one say of what they refused: chains of
// xds/authorization and the reader of records are built on it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { type Scope, startEnvoy } from '../support/envoy-process.ts';
import { httpCall } from '../support/http-client.ts';
import {
  accessLog,
  httpListener,
  type Json,
  listener,
  staticCluster,
  tcpProxy,
  typed,
  virtualHost,
} from './envoy-json.ts';

const policyName = 'AuthorizationPolicy/shop/no[0]';
const everything = { permissions: [{ any: true }], principals: [{ any: true }] };
const networkRbac = (rules: Json): Json => ({
  name: 'envoy.filters.network.rbac',
  typed_config: typed('envoy.extensions.filters.network.rbac.v3.RBAC', {
    stat_prefix: 'policies',
    rules,
    // The only way in which the filter tells loggers what came of its rules.
    shadow_rules: rules,
    shadow_rules_stat_prefix: 'lab_',
  }),
});
const denies = { action: 'DENY', policies: { [policyName]: everything } };

/** A server that speaks first, and counts who came. */
async function startFirstSpeaker(t: Scope) {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => socket.destroy());
    socket.write('welcome');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { port, connections: () => connections };
}

async function startTcp(t: Scope, rules: Json, proxy: Json = {}) {
  const server = await startFirstSpeaker(t);
  const access = accessLog(
    'flags=%RESPONSE_FLAGS% details=%CONNECTION_TERMINATION_DETAILS% cluster=%UPSTREAM_CLUSTER_RAW% judged=%DYNAMIC_METADATA(envoy.filters.network.rbac:lab_shadow_engine_result)%',
  );
  const chain = { filters: [networkRbac(rules), tcpProxy('up', { access_log: access, ...proxy })] };
  const bootstrap = {
    static_resources: {
      clusters: [staticCluster('up', server.port)],
      listeners: [listener('tcp', { filter_chains: [chain] })],
    },
  };
  const envoy = await startEnvoy({ t, bootstrap });
  return { envoy, server, port: await envoy.listenerPort('tcp') };
}

function call(port: number, text: string | undefined): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let got = '';
    const silence = setTimeout(() => socket.destroy(), 700);
    socket.on('data', (chunk) => {
      got += chunk.toString();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(silence);
      resolve(got);
    });
    if (text !== undefined) socket.write(text);
  });
}

const refused = `rbac_access_denied_matched_policy[${policyName}]`;
const unmatched = 'rbac_access_denied_matched_policy[none]';

test('a connection is judged at its first byte: what it goes to is called before, and may speak first', async (t) => {
  const { envoy, server, port } = await startTcp(t, denies);
  assert.equal(await call(port, undefined), 'welcome');
  assert.equal(server.connections(), 1);
  assert.equal(await envoy.stdout.next(), `flags=- details=${refused} cluster=up judged=denied`);
});

test('where tcp_proxy waits for data nobody is called for what is refused', async (t) => {
  const waiting = { upstream_connect_mode: 'ON_DOWNSTREAM_DATA', max_early_data_bytes: 16_384 };
  const { envoy, server, port } = await startTcp(t, denies, waiting);
  assert.equal(await call(port, 'hello'), '');
  assert.equal(server.connections(), 0);
  assert.equal(await envoy.stdout.next(), `flags=- details=${refused} cluster=- judged=denied`);
});

test('rules that allow, and have no policy, let nothing through', async (t) => {
  const { envoy, port } = await startTcp(t, { action: 'ALLOW' });
  await call(port, 'hello');
  assert.equal(await envoy.stdout.next(), `flags=- details=${unmatched} cluster=up judged=denied`);
});

for (const [title, rules, details] of [
  ['DENY', denies, refused],
  ['ALLOW without a policy', { action: 'ALLOW' }, unmatched],
] as const) {
  test(`${title}: 403, and the filter tells under its prefix that it was it`, async (t) => {
    const rbac = typed('envoy.extensions.filters.http.rbac.v3.RBAC', { rules, rules_stat_prefix: 'lab_' });
    const result = '%DYNAMIC_METADATA(envoy.filters.http.rbac:lab_enforced_engine_result)%';
    const listener = httpListener('http', {
      filters: [{ name: 'judge', typed_config: rbac }],
      manager: {
        access_log: accessLog(`details=%RESPONSE_CODE_DETAILS% host=%UPSTREAM_HOST% judged=${result}`),
        route_config: { name: 'all', virtual_hosts: [virtualHost('all', ['*'], 'up')] },
      },
    });
    const bootstrap = { static_resources: { clusters: [staticCluster('up', 1)], listeners: [listener] } };
    const envoy = await startEnvoy({ t, bootstrap });
    const { status, body } = await httpCall({ port: await envoy.listenerPort('http'), host: 'a.test' });
    assert.deepEqual([status, body], [403, 'RBAC: access denied']);
    assert.equal(await envoy.stdout.next(), `details=${details} host=- judged=denied`);
  });
}
