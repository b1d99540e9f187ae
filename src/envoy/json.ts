// Envoy messages as proto3 JSON, for people (proxy-config, golden files) and for the bootstrap file. What an Any holds
// is printed as well: the registry knows every extension that Sallyport sends.
import {
  createRegistry,
  type DescMessage,
  fromBinary,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  toJson,
} from '@bufbuild/protobuf';
import { StringValueSchema } from '@bufbuild/protobuf/wkt';
import { FilterConfigSchema as RouteFilterConfigSchema } from './gen/envoy/config/route/v3/route_components_pb.js';
import { FileAccessLogSchema } from './gen/envoy/extensions/access_loggers/file/v3/file_pb.js';
import { ExpressionFilterSchema } from './gen/envoy/extensions/access_loggers/filters/cel/v3/cel_pb.js';
import { ConfigSchema as StatsAccessLogSchema } from './gen/envoy/extensions/access_loggers/stats/v3/stats_pb.js';
import { StdoutAccessLogSchema } from './gen/envoy/extensions/access_loggers/stream/v3/stream_pb.js';
import { InternalListenerSchema } from './gen/envoy/extensions/bootstrap/internal_listener/v3/internal_listener_pb.js';
import { DnsClusterSchema } from './gen/envoy/extensions/clusters/dns/v3/dns_cluster_pb.js';
import { ClusterConfigSchema } from './gen/envoy/extensions/clusters/dynamic_forward_proxy/v3/cluster_pb.js';
import { file_envoy_extensions_filters_http_cors_v3_cors } from './gen/envoy/extensions/filters/http/cors/v3/cors_pb.js';
import { file_envoy_extensions_filters_http_dynamic_forward_proxy_v3_dynamic_forward_proxy } from './gen/envoy/extensions/filters/http/dynamic_forward_proxy/v3/dynamic_forward_proxy_pb.js';
import { HTTPFaultSchema } from './gen/envoy/extensions/filters/http/fault/v3/fault_pb.js';
import { FilterConfigSchema as GrpcStatsSchema } from './gen/envoy/extensions/filters/http/grpc_stats/v3/config_pb.js';
import { file_envoy_extensions_filters_http_header_mutation_v3_header_mutation } from './gen/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.js';
import { ConfigSchema as HeaderToMetadataSchema } from './gen/envoy/extensions/filters/http/header_to_metadata/v3/header_to_metadata_pb.js';
import { file_envoy_extensions_filters_http_rbac_v3_rbac } from './gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.js';
import { file_envoy_extensions_filters_http_router_v3_router } from './gen/envoy/extensions/filters/http/router/v3/router_pb.js';
import { file_envoy_extensions_filters_http_set_filter_state_v3_set_filter_state } from './gen/envoy/extensions/filters/http/set_filter_state/v3/set_filter_state_pb.js';
import { file_envoy_extensions_filters_http_upstream_codec_v3_upstream_codec } from './gen/envoy/extensions/filters/http/upstream_codec/v3/upstream_codec_pb.js';
import { file_envoy_extensions_filters_listener_http_inspector_v3_http_inspector } from './gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.js';
import { file_envoy_extensions_filters_listener_original_dst_v3_original_dst } from './gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.js';
import { file_envoy_extensions_filters_listener_proxy_protocol_v3_proxy_protocol } from './gen/envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol_pb.js';
import { file_envoy_extensions_filters_listener_tls_inspector_v3_tls_inspector } from './gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.js';
import { HttpConnectionManagerSchema } from './gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { file_envoy_extensions_filters_network_rbac_v3_rbac } from './gen/envoy/extensions/filters/network/rbac/v3/rbac_pb.js';
import { file_envoy_extensions_filters_network_set_filter_state_v3_set_filter_state } from './gen/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.js';
import { file_envoy_extensions_filters_network_sni_dynamic_forward_proxy_v3_sni_dynamic_forward_proxy } from './gen/envoy/extensions/filters/network/sni_dynamic_forward_proxy/v3/sni_dynamic_forward_proxy_pb.js';
import { TcpProxySchema } from './gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.js';
import { file_envoy_extensions_filters_udp_udp_proxy_v3_route } from './gen/envoy/extensions/filters/udp/udp_proxy/v3/route_pb.js';
import { file_envoy_extensions_filters_udp_udp_proxy_v3_udp_proxy } from './gen/envoy/extensions/filters/udp/udp_proxy/v3/udp_proxy_pb.js';
import { HeaderMutationSchema as HeaderRemovalSchema } from './gen/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.js';
import { file_envoy_extensions_matching_common_inputs_network_v3_network_inputs } from './gen/envoy/extensions/matching/common_inputs/network/v3/network_inputs_pb.js';
import { StatFullNameMatchInputSchema } from './gen/envoy/extensions/matching/common_inputs/stats/v3/stats_pb.js';
import { CaresDnsResolverConfigSchema } from './gen/envoy/extensions/network/dns_resolver/cares/v3/cares_dns_resolver_pb.js';
import { UriTemplateMatchConfigSchema } from './gen/envoy/extensions/path/match/uri_template/v3/uri_template_match_pb.js';
import { file_envoy_extensions_rbac_matchers_upstream_ip_port_v3_upstream_ip_port_matcher } from './gen/envoy/extensions/rbac/matchers/upstream_ip_port/v3/upstream_ip_port_matcher_pb.js';
import { PreviousHostsPredicateSchema } from './gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js';
import { PreviousPrioritiesConfigSchema } from './gen/envoy/extensions/retry/priority/previous_priorities/v3/previous_priorities_config_pb.js';
import {
  SinkConfig_DropActionSchema,
  SinkConfigSchema,
} from './gen/envoy/extensions/stat_sinks/open_telemetry/v3/open_telemetry_pb.js';
import { InternalUpstreamTransportSchema } from './gen/envoy/extensions/transport_sockets/internal_upstream/v3/internal_upstream_pb.js';
import { ProxyProtocolUpstreamTransportSchema } from './gen/envoy/extensions/transport_sockets/proxy_protocol/v3/upstream_proxy_protocol_pb.js';
import { RawBufferSchema } from './gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb.js';
import { file_envoy_extensions_transport_sockets_tls_v3_tls } from './gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.js';
import { HttpProtocolOptionsSchema } from './gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.js';
import { file_xds_type_matcher_v3_domain } from './gen/xds/type/matcher/v3/domain_pb.js';
import { file_xds_type_matcher_v3_ip } from './gen/xds/type/matcher/v3/ip_pb.js';

const registry = createRegistry(
  StringValueSchema,
  RouteFilterConfigSchema,
  FileAccessLogSchema,
  StatsAccessLogSchema,
  GrpcStatsSchema,
  HeaderToMetadataSchema,
  StatFullNameMatchInputSchema,
  SinkConfig_DropActionSchema,
  SinkConfigSchema,
  ExpressionFilterSchema,
  StdoutAccessLogSchema,
  ClusterConfigSchema,
  DnsClusterSchema,
  HttpConnectionManagerSchema,
  TcpProxySchema,
  CaresDnsResolverConfigSchema,
  HttpProtocolOptionsSchema,
  InternalListenerSchema,
  InternalUpstreamTransportSchema,
  UriTemplateMatchConfigSchema,
  PreviousHostsPredicateSchema,
  PreviousPrioritiesConfigSchema,
  ProxyProtocolUpstreamTransportSchema,
  RawBufferSchema,
  file_envoy_extensions_filters_http_dynamic_forward_proxy_v3_dynamic_forward_proxy,
  HeaderRemovalSchema,
  file_envoy_extensions_filters_http_rbac_v3_rbac,
  file_envoy_extensions_filters_http_router_v3_router,
  file_envoy_extensions_filters_http_set_filter_state_v3_set_filter_state,
  file_envoy_extensions_filters_http_upstream_codec_v3_upstream_codec,
  file_envoy_extensions_filters_listener_http_inspector_v3_http_inspector,
  file_envoy_extensions_filters_listener_original_dst_v3_original_dst,
  file_envoy_extensions_filters_listener_proxy_protocol_v3_proxy_protocol,
  file_envoy_extensions_filters_listener_tls_inspector_v3_tls_inspector,
  file_envoy_extensions_filters_network_rbac_v3_rbac,
  file_envoy_extensions_filters_network_set_filter_state_v3_set_filter_state,
  file_envoy_extensions_filters_network_sni_dynamic_forward_proxy_v3_sni_dynamic_forward_proxy,
  file_envoy_extensions_filters_udp_udp_proxy_v3_route,
  file_envoy_extensions_filters_udp_udp_proxy_v3_udp_proxy,
  file_envoy_extensions_matching_common_inputs_network_v3_network_inputs,
  file_envoy_extensions_rbac_matchers_upstream_ip_port_v3_upstream_ip_port_matcher,
  HTTPFaultSchema,
  file_envoy_extensions_filters_http_cors_v3_cors,
  file_envoy_extensions_filters_http_header_mutation_v3_header_mutation,
  file_envoy_extensions_transport_sockets_tls_v3_tls,
  file_xds_type_matcher_v3_domain,
  file_xds_type_matcher_v3_ip,
);

/** Field names as Envoy's documentation writes them. Throws on a message that is not complete: a bug. */
export function messageToJson<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): JsonValue {
  return toJson(schema, message, { registry, useProtoFieldName: true });
}

export function bytesToJson(schema: DescMessage, bytes: Uint8Array): JsonObject {
  const json = toJson(schema, fromBinary(schema, bytes), { registry, useProtoFieldName: true });
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new TypeError('a message is an object');
  return json;
}
