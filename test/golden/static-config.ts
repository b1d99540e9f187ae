// Rendered resources as one static bootstrap, so that `envoy --mode validate` judges each of them. Virtual hosts, which
// travel by VHDS, are put into their RouteConfiguration, and that into a listener of its own.
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import type { Rendered } from './render.ts';

const routerFilter = {
  name: 'envoy.filters.http.router',
  typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
};

export function toStaticConfig(rendered: Rendered): JsonObject {
  return {
    node: { id: 'golden', cluster: 'golden' },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds-grpc' } }],
      },
    },
    bootstrap_extensions: [
      {
        name: 'envoy.bootstrap.internal_listener',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener',
        },
      },
    ],
    static_resources: {
      clusters: [xdsCluster, ...rendered.clusters],
      listeners: [...rendered.listeners, ...rendered.routes.map((route) => routeListener(route, rendered))],
    },
  };
}

const xdsCluster = {
  name: 'xds-grpc',
  connect_timeout: '1s',
  load_assignment: {
    cluster_name: 'xds-grpc',
    endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: '/nowhere' } } } }] }],
  },
};

function routeListener(route: JsonObject, { virtualhosts }: Rendered): JsonObject {
  const name = String(route['name']);
  const inline: readonly JsonValue[] = Array.isArray(route['virtual_hosts']) ? route['virtual_hosts'] : [];
  const { vhds: _, ...rest } = route;
  const routeConfig = {
    ...rest,
    virtual_hosts: [...inline, ...virtualhosts.filter((host) => String(host['name']).startsWith(`${name}/`))],
  };
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: name,
    route_config: routeConfig,
    http_filters: [routerFilter],
  };
  return {
    name: `route ${name}`,
    address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] }],
  };
}
