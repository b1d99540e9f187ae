// A gateway's Envoy whose bootstrap is whole in itself: what comes to its port goes to one server.

export function gatewayBootstrap(
  adminSocket: string,
  listener: { readonly address: string; readonly port: number },
  server: { readonly address: string; readonly port: number },
): string {
  const type = 'type.googleapis.com/envoy.extensions.filters';
  const manager = {
    '@type': `${type}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'gateway',
    route_config: {
      virtual_hosts: [
        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'server' } }] },
      ],
    },
    http_filters: [{ name: 'router', typed_config: { '@type': `${type}.http.router.v3.Router` } }],
  };
  const at = ({ address, port }: typeof listener) => ({ address: { socket_address: { address, port_value: port } } });
  const endpoints = [{ lb_endpoints: [{ endpoint: at(server) }] }];
  return JSON.stringify({
    admin: { address: { pipe: { path: adminSocket, mode: 0o600 } } },
    stats_flush_interval: '1s',
    static_resources: {
      clusters: [{ name: 'server', type: 'STATIC', load_assignment: { cluster_name: 'server', endpoints } }],
      listeners: [
        {
          name: 'gateway',
          ...at(listener),
          filter_chains: [{ filters: [{ name: 'http', typed_config: manager }] }],
        },
      ],
    },
  });
}
