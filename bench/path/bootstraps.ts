// The two Envoys beside the mesh: the server outside, which answers by itself, and the bare proxy.

const manager = (routes: object) => ({
  name: 'hcm',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'bench',
    http_filters: [
      {
        name: 'router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, ...routes }] }] },
  },
});

const socket = (address: string, port: number) => ({ socket_address: { address, port_value: port } });

export function serverBootstrap(address: string, ports: readonly number[]) {
  const filters = [manager({ direct_response: { status: 200, body: { inline_string: 'ok' } } })];
  return {
    static_resources: {
      listeners: ports.map((port) => ({
        name: `s${port}`,
        address: socket(address, port),
        filter_chains: [{ filters }],
      })),
    },
  };
}

export function bareBootstrap(listenPort: number, upstream: { readonly address: string; readonly port: number }) {
  return {
    static_resources: {
      listeners: [
        {
          name: 'bare',
          address: socket('0.0.0.0', listenPort),
          filter_chains: [{ filters: [manager({ route: { cluster: 'up' } })] }],
        },
      ],
      clusters: [
        {
          name: 'up',
          type: 'STATIC',
          load_assignment: {
            cluster_name: 'up',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: socket(upstream.address, upstream.port) } }] }],
          },
        },
      ],
    },
  };
}
