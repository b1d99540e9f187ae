// Envoy configuration as JSON, in the few shapes the tests of this folder need. Written out by hand on purpose: what
// is learnt here must not depend on Sallyport's own builders.

export type Json = Readonly<Record<string, unknown>>;

/** A typed_config: the message's full name without `type.googleapis.com/`, and its fields. */
export function typed(message: string, fields: Json = {}): Json {
  return { '@type': `type.googleapis.com/${message}`, ...fields };
}

/** One line per request or connection on Envoy's standard output. */
export function accessLog(format: string): readonly Json[] {
  const logFormat = { text_format_source: { inline_string: `${format}\n` } };
  const config = typed('envoy.extensions.access_loggers.stream.v3.StdoutAccessLog', { log_format: logFormat });
  return [{ name: 'stdout', typed_config: config }];
}

export interface HttpListenerOptions {
  /** `route_config` or `rds`, and further fields of the HttpConnectionManager. */
  readonly manager: Json;
  /** HTTP filters before the router. */
  readonly filters?: readonly Json[];
  /** Fields of the router filter. */
  readonly router?: Json;
  readonly port?: number;
}

export function httpListener(name: string, { manager, filters = [], router = {}, port }: HttpListenerOptions): Json {
  const routerConfig = typed('envoy.extensions.filters.http.router.v3.Router', router);
  const config = typed('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: name,
    http_filters: [...filters, { name: 'envoy.filters.http.router', typed_config: routerConfig }],
    ...manager,
  });
  return listener(name, { filter_chains: [{ filters: [{ name: 'http', typed_config: config }] }] }, port);
}

/** A listener on 127.0.0.1; port 0 lets the system choose. */
export function listener(name: string, fields: Json, port = 0): Json {
  return { name, address: { socket_address: { address: '127.0.0.1', port_value: port } }, ...fields };
}

export const tlsInspector: Json = {
  name: 'envoy.filters.listener.tls_inspector',
  typed_config: typed('envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector'),
};

export function tcpProxy(cluster: string, fields: Json = {}): Json {
  const config = typed('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
    stat_prefix: 'tcp',
    cluster,
    ...fields,
  });
  return { name: 'envoy.filters.network.tcp_proxy', typed_config: config };
}

/** A STATIC cluster with one endpoint on 127.0.0.1. */
export function staticCluster(name: string, port: number, fields: Json = {}): Json {
  return { name, connect_timeout: '1s', load_assignment: loadAssignment(name, '127.0.0.1', port), ...fields };
}

export function loadAssignment(name: string, address: string, port: number): Json {
  const endpoint = { address: { socket_address: { address, port_value: port } } };
  return { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] };
}

/** A STATIC cluster without endpoints. */
export const blackHole: Json = { name: 'BlackHoleCluster', connect_timeout: '1s' };

/** HttpProtocolOptions for a cluster, with upstream filters before the codec. */
export function upstreamHttp(protocol: 'http1' | 'http2', filters: readonly Json[] = []): Json {
  const version = protocol === 'http1' ? { http_protocol_options: {} } : { http2_protocol_options: {} };
  const options = typed('envoy.extensions.upstreams.http.v3.HttpProtocolOptions', {
    explicit_http_config: version,
    ...(filters.length === 0 ? {} : { http_filters: [...filters, upstreamCodec] }),
  });
  return {
    typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': options },
  };
}

export const upstreamCodec: Json = {
  name: 'envoy.filters.http.upstream_codec',
  typed_config: typed('envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec'),
};

/** A virtual host that sends everything to the cluster. */
export function virtualHost(name: string, domains: readonly string[], cluster: string, route: Json = {}): Json {
  return { name, domains, routes: [{ match: { prefix: '/' }, route: { cluster, ...route } }] };
}

/** The catch-all that refuses every host nobody registered. */
export function blockAll(status = 502): Json {
  return { name: 'block_all', domains: ['*'], routes: [{ match: { prefix: '/' }, direct_response: { status } }] };
}

export const adsSource: Json = { ads: {}, resource_api_version: 'V3' };
