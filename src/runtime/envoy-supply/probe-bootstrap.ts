// The bootstrap by which an Envoy that we did not choose is judged: every extension that Sallyport's configuration
// depends on, once. An Envoy that validates it can run a mesh; one built without some of them says which is missing.

const prefix = 'type.googleapis.com/envoy.extensions';

function extension(name: string, type: string, fields: object = {}): object {
  return { name, typed_config: { '@type': `${prefix}.${type}`, ...fields } };
}

const dnsCache = { name: 'probe', dns_lookup_family: 'V4_ONLY' };
const ads = { ads: {}, resource_api_version: 'V3' };

const httpFilters = [
  extension('mutation', 'filters.http.header_mutation.v3.HeaderMutation', {
    mutations: { request_mutations: [{ remove: 'x-probe' }] },
  }),
  extension('rbac', 'filters.http.rbac.v3.RBAC'),
  extension('resolve', 'filters.http.dynamic_forward_proxy.v3.FilterConfig', {
    dns_cache_config: dnsCache,
    save_upstream_address: true,
  }),
  extension('router', 'filters.http.router.v3.Router'),
];

const http = extension('http', 'filters.network.http_connection_manager.v3.HttpConnectionManager', {
  stat_prefix: 'probe',
  rds: { route_config_name: '80', config_source: ads },
  http_filters: httpFilters,
  access_log: [
    extension('lines', 'access_loggers.stream.v3.StdoutAccessLog'),
    extension('stats', 'access_loggers.stats.v3.Config', {
      stat_prefix: 'probe',
      counters: [
        { stat: { name: 'requests', tags: [{ name: 'code', value_format: '%RESPONSE_CODE%' }] }, value_fixed: 1 },
      ],
    }),
  ],
});

const tcp = [
  extension('resolve', 'filters.network.sni_dynamic_forward_proxy.v3.FilterConfig', {
    port_value: 443,
    dns_cache_config: dnsCache,
    save_upstream_address: true,
  }),
  extension('rbac', 'filters.network.rbac.v3.RBAC', { stat_prefix: 'probe' }),
  extension('choose', 'filters.network.set_filter_state.v3.Config', {
    on_new_connection: [
      {
        object_key: 'envoy.tcp_proxy.cluster',
        format_string: { text_format_source: { inline_string: 'outbound|443||%REQUESTED_SERVER_NAME%' } },
      },
    ],
  }),
  extension('tcp', 'filters.network.tcp_proxy.v3.TcpProxy', { stat_prefix: 'probe', cluster: 'resolved' }),
];

const listener = {
  name: 'virtualOutbound',
  address: { socket_address: { address: '127.0.0.1', port_value: 15001 } },
  listener_filters: [
    extension('original_dst', 'filters.listener.original_dst.v3.OriginalDst'),
    extension('tls_inspector', 'filters.listener.tls_inspector.v3.TlsInspector'),
  ],
  filter_chains: [{ filter_chain_match: { transport_protocol: 'tls' }, filters: tcp }],
  default_filter_chain: { filters: [http] },
};

const xdsCluster = {
  name: 'xds',
  type: 'STATIC',
  load_assignment: {
    cluster_name: 'xds',
    endpoints: [{ lb_endpoints: [{ endpoint: { address: { pipe: { path: '/nonexistent/xds.sock' } } } }] }],
  },
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': `${prefix}.upstreams.http.v3.HttpProtocolOptions`,
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
};

const probe = {
  node: { id: 'probe', cluster: 'probe' },
  dynamic_resources: {
    ads_config: {
      api_type: 'DELTA_GRPC',
      transport_api_version: 'V3',
      grpc_services: [{ envoy_grpc: { cluster_name: 'xds' } }],
    },
  },
  static_resources: {
    listeners: [listener],
    clusters: [
      xdsCluster,
      {
        name: 'resolved',
        lb_policy: 'CLUSTER_PROVIDED',
        cluster_type: extension('dfp', 'clusters.dynamic_forward_proxy.v3.ClusterConfig', {
          dns_cache_config: dnsCache,
        }),
      },
      { name: 'PassthroughCluster', type: 'ORIGINAL_DST', lb_policy: 'CLUSTER_PROVIDED' },
    ],
  },
  stats_sinks: [
    extension('otel', 'stat_sinks.open_telemetry.v3.SinkConfig', {
      grpc_service: { envoy_grpc: { cluster_name: 'xds' } },
    }),
  ],
  bootstrap_extensions: [extension('internal', 'bootstrap.internal_listener.v3.InternalListener')],
};

/** As JSON text for `envoy --config-yaml`. */
export const probeBootstrap: string = JSON.stringify(probe);
