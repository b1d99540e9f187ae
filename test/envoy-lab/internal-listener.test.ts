// Connections that go on inside Envoy, from a listener with a socket to one without: what gets lost on the way, and how
// the addresses of the first connection come along.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Scope, startEnvoy } from '../support/envoy-process.ts';
import { type HttpAnswer, httpCall } from '../support/http-client.ts';
import { startOutsideHttp } from '../support/outside-server.ts';
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

const rawBuffer = {
  name: 'envoy.transport_sockets.raw_buffer',
  typed_config: typed('envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer'),
};

const internalUpstream = {
  name: 'envoy.transport_sockets.internal_upstream',
  typed_config: typed('envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport', {
    transport_socket: rawBuffer,
  }),
};

const proxyProtocol = {
  name: 'envoy.transport_sockets.upstream_proxy_protocol',
  typed_config: typed('envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport', {
    config: { version: 'V2' },
    transport_socket: internalUpstream,
  }),
};

const readProxyProtocol = {
  name: 'envoy.filters.listener.proxy_protocol',
  typed_config: typed('envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol'),
};

const readFilterState = {
  name: 'envoy.filters.listener.original_dst',
  typed_config: typed('envoy.extensions.filters.listener.original_dst.v3.OriginalDst'),
};

/** Leaves the caller's addresses in filter state, for every connection inside that follows. */
const shareAddresses = {
  name: 'envoy.filters.network.set_filter_state',
  typed_config: typed('envoy.extensions.filters.network.set_filter_state.v3.Config', {
    on_new_connection: ['local', 'remote'].map((side) => ({
      object_key: `envoy.filters.listener.original_dst.${side}_ip`,
      format_string: {
        text_format_source: {
          inline_string: side === 'local' ? '%DOWNSTREAM_LOCAL_ADDRESS%' : '%DOWNSTREAM_REMOTE_ADDRESS%',
        },
      },
      shared_with_upstream: 'TRANSITIVE',
    })),
  }),
};

interface Way {
  readonly filters?: readonly Json[];
  readonly transport: Json;
  readonly listenerFilter: Json;
}

const byProxyProtocol: Way = { transport: proxyProtocol, listenerFilter: readProxyProtocol };
const byFilterState: Way = {
  filters: [shareAddresses],
  transport: internalUpstream,
  listenerFilter: readFilterState,
};

/** A socket, an internal listener for HTTP behind it, and a server outside. */
async function start(
  t: Scope,
  { filters = [], transport, listenerFilter }: Way,
  flags: Json,
  judging: readonly Json[] = [],
) {
  const outside = await startOutsideHttp({ t });
  const route_config = { name: 'inside', virtual_hosts: [virtualHost('all', ['*'], 'up')] };
  const manager = { route_config, access_log: accessLog('%DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_REMOTE_ADDRESS%') };
  const { address: _, ...inside } = httpListener('inside', { manager, filters: judging });
  const endpoint = { address: { envoy_internal_address: { server_listener_name: 'inside' } } };
  const toInside = {
    name: 'inside',
    load_assignment: { cluster_name: 'inside', endpoints: [{ lb_endpoints: [{ endpoint }] }] },
    transport_socket: transport,
  };
  const bootstrap = {
    static_resources: {
      clusters: [staticCluster('up', outside.port), toInside],
      listeners: [
        listener('socket', { filter_chains: [{ filters: [...filters, tcpProxy('inside')] }] }),
        { ...inside, internal_listener: {}, listener_filters: [listenerFilter] },
      ],
    },
    bootstrap_extensions: [
      {
        name: 'envoy.bootstrap.internal_listener',
        typed_config: typed('envoy.extensions.bootstrap.internal_listener.v3.InternalListener'),
      },
    ],
    layered_runtime: { layers: [{ name: 'static', static_layer: flags }] },
  };
  const envoy = await startEnvoy({ t, bootstrap });
  return { envoy, outside, port: await envoy.listenerPort('socket') };
}

const noReset = { 'envoy.reloadable_features.enable_send_rst_on_user_space_socket': false };

/** A request after which the server side closes; undefined when the connection broke before the answer. */
async function askAndClose(port: number): Promise<HttpAnswer | undefined> {
  return httpCall({ port, host: 'a.test', headers: { connection: 'close' } }).catch(() => undefined);
}

test('by default the end of a connection inside is a reset outside, and takes the answer with it', async (t) => {
  const { port } = await start(t, byProxyProtocol, {});
  assert.equal(await askAndClose(port), undefined);
});

test('with the feature off the answer arrives', async (t) => {
  const { port } = await start(t, byProxyProtocol, noReset);
  for (let round = 0; round < 20; round++) assert.equal((await askAndClose(port))?.body, 'outside');
});

for (const [name, way] of Object.entries({ 'the PROXY protocol': byProxyProtocol, 'filter state': byFilterState })) {
  test(`${name} brings the addresses of the first connection along`, async (t) => {
    const { envoy, port } = await start(t, way, noReset);
    const { localPort } = await httpCall({ port, host: 'a.test' });
    assert.equal(await envoy.stdout.next(), `127.0.0.1:${port} 127.0.0.1:${localPort}`);
  });
}

const ways = [byProxyProtocol, byFilterState] as const;

function denying(principal: Json): Json {
  const rules = { action: 'DENY', policies: { no: { permissions: [{ any: true }], principals: [principal] } } };
  return { name: 'judge', typed_config: typed('envoy.extensions.filters.http.rbac.v3.RBAC', { rules }) };
}

test('RBAC finds the first caller’s address, whatever headers say, by source_ip alone: directly it was called by Envoy', async (t) => {
  const loopback = { address_prefix: '127.0.0.0', prefix_len: 8 };
  for (const way of ways) {
    for (const [principal, status] of [
      [{ source_ip: loopback }, 403],
      [{ direct_remote_ip: loopback }, 200],
    ] as const) {
      const { port } = await start(t, way, noReset, [denying(principal)]);
      const headers = { 'x-forwarded-for': '192.0.2.1' };
      assert.equal((await httpCall({ port, host: 'a.test', headers })).status, status);
    }
  }
});

test('filter state that is shared all the way gives each caller connections of its own, the PROXY protocol does not', async (t) => {
  for (const [way, connections] of [
    [byProxyProtocol, 1],
    [byFilterState, 3],
  ] as const) {
    const { outside, port } = await start(t, way, noReset);
    for (let round = 0; round < 3; round++) assert.equal((await askAndClose(port))?.status, 200);
    assert.equal(outside.connections.items.length, connections);
  }
});
