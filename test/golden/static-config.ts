// Rendered resources as one static bootstrap, so that `envoy --mode validate` judges each of them. Virtual hosts, which
// travel by VHDS, are put into their RouteConfiguration, and that into a listener of its own. Secrets, which travel by SDS,
// are static too: Envoy's validation crashes when it comes to fetch one.
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { authority, serverCertificate } from '../support/tls-fixtures.ts';
import type { Rendered } from './render.ts';

const routerFilter = {
  name: 'envoy.filters.http.router',
  typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
};

export function toStaticConfig(rendered: Rendered): JsonObject {
  const secrets = new Map<string, JsonObject>();
  const clusters = rendered.clusters.map((cluster) => withStaticSecrets(cluster, secrets));
  const listeners = rendered.listeners.map((listener) => withStaticSecrets(listener, secrets));
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
      clusters: [xdsCluster, ...clusters],
      listeners: [...listeners, ...rendered.routes.map((route) => routeListener(route, rendered))],
      secrets: [...secrets.values()],
    },
  };
}

const secretOf = {
  tls_certificate_sds_secret_configs: (name: string) => ({
    name,
    tls_certificate: {
      certificate_chain: { inline_string: serverCertificate.cert },
      private_key: { inline_string: serverCertificate.key },
    },
  }),
  validation_context_sds_secret_config: (name: string) => ({
    name,
    validation_context: { trusted_ca: { inline_string: authority } },
  }),
} as const;

/** The value with every reference to a secret by its name alone; `secrets` gets one for each. */
function withStaticSecrets<Value extends JsonValue>(value: Value, secrets: Map<string, JsonObject>): Value;
function withStaticSecrets(value: JsonValue, secrets: Map<string, JsonObject>): JsonValue {
  if (Array.isArray(value)) return value.map((item) => withStaticSecrets(item, secrets));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]): [string, JsonValue] => {
    if (key !== 'tls_certificate_sds_secret_configs' && key !== 'validation_context_sds_secret_config') {
      return [key, withStaticSecrets(item, secrets)];
    }
    const references = [item].flat().map((reference) => {
      const name = String(Object(reference)['name']);
      secrets.set(name, secretOf[key](name));
      return { name };
    });
    return [key, Array.isArray(item) ? references : (references[0] ?? null)];
  });
  return Object.fromEntries(entries);
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
