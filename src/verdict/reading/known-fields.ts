// Which fields of Envoy's messages verdicts take into account, or may leave out since they do not change where something goes
// (time-outs, logs, counters, sizes). Messages that do not stand here are looked at by code that knows all of their cases.

const fields: Readonly<Record<string, string>> = {
  'envoy.config.listener.v3.Listener':
    'name address filter_chains default_filter_chain filter_chain_matcher listener_filters listener_filters_timeout continue_on_listener_filters_timeout traffic_direction use_original_dst bind_to_port access_log internal_listener',
  'envoy.config.listener.v3.ListenerFilter': 'name typed_config filter_disabled',
  'envoy.config.listener.v3.FilterChain':
    'name filters filter_chain_match transport_socket transport_socket_connect_timeout',
  'envoy.config.listener.v3.FilterChainMatch': 'destination_port',
  'envoy.config.listener.v3.Filter': 'name typed_config',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager':
    'stat_prefix rds route_config http_filters access_log use_remote_address generate_request_id skip_xff_append forward_client_cert_details set_current_client_cert_details early_header_mutation_extensions strip_trailing_host_dot normalize_path stream_idle_timeout delayed_close_timeout upgrade_configs server_name request_headers_timeout http2_protocol_options server_header_transformation',
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter': 'name typed_config disabled',
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy':
    'stat_prefix cluster weighted_clusters access_log access_log_options idle_timeout max_downstream_connection_duration hash_policy tunneling_config upstream_connect_mode max_early_data_bytes',
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster': 'clusters',
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight': 'name weight',
  'envoy.extensions.filters.network.rbac.v3.RBAC': 'stat_prefix rules shadow_rules shadow_rules_stat_prefix',
  'envoy.extensions.filters.network.set_filter_state.v3.Config': 'on_new_connection on_downstream_tls_handshake',
  'envoy.extensions.filters.common.set_filter_state.v3.FilterStateValue':
    'object_key factory_key format_string shared_with_upstream skip_if_empty',
  'envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3.FilterConfig':
    'dns_cache_config port_value save_upstream_address',
  'envoy.extensions.filters.http.rbac.v3.RBAC': 'rules rules_stat_prefix shadow_rules shadow_rules_stat_prefix',
  'envoy.extensions.filters.http.rbac.v3.RBACPerRoute': 'rbac',
  'envoy.extensions.filters.http.fault.v3.HTTPFault': 'abort delay disable_downstream_cluster_stats',
  'envoy.extensions.filters.http.fault.v3.FaultAbort': 'http_status grpc_status percentage',
  'envoy.config.rbac.v3.RBAC': 'action policies',
  'envoy.config.rbac.v3.Policy': 'permissions principals',
  'envoy.config.route.v3.RouteConfiguration':
    'name virtual_hosts vhds validate_clusters max_direct_response_body_size_bytes request_headers_to_remove most_specific_header_mutations_wins ignore_port_in_host_matching',
  'envoy.config.route.v3.VirtualHost': 'name domains routes require_tls typed_per_filter_config',
  'envoy.config.route.v3.Route':
    'name match route redirect direct_response typed_per_filter_config request_headers_to_add request_headers_to_remove response_headers_to_add response_headers_to_remove',
  'envoy.config.route.v3.RouteMatch': 'prefix path safe_regex connect_matcher case_sensitive headers query_parameters',
  'envoy.config.route.v3.HeaderMatcher': 'name present_match string_match invert_match treat_missing_header_as_empty',
  'envoy.config.route.v3.QueryParameterMatcher': 'name present_match string_match',
  'envoy.config.route.v3.RouteAction':
    'cluster weighted_clusters cluster_header timeout max_stream_duration retry_policy hash_policy request_mirror_policies prefix_rewrite regex_rewrite host_rewrite_literal upgrade_configs',
  'envoy.config.route.v3.WeightedCluster': 'clusters',
  'envoy.config.route.v3.WeightedCluster.ClusterWeight':
    'name weight request_headers_to_add request_headers_to_remove response_headers_to_add response_headers_to_remove typed_per_filter_config host_rewrite_literal',
  'envoy.type.matcher.v3.StringMatcher': 'exact prefix suffix contains safe_regex ignore_case',
  'envoy.config.cluster.v3.Cluster':
    'name type cluster_type eds_cluster_config connect_timeout load_assignment lb_policy circuit_breakers transport_socket transport_socket_matches typed_extension_protocol_options track_cluster_stats original_dst_lb_config ring_hash_lb_config maglev_lb_config round_robin_lb_config least_request_lb_config common_lb_config outlier_detection upstream_connection_options max_requests_per_connection load_balancing_policy preconnect_policy',
  'envoy.config.endpoint.v3.ClusterLoadAssignment': 'cluster_name endpoints policy',
  'envoy.config.endpoint.v3.LocalityLbEndpoints': 'locality lb_endpoints load_balancing_weight priority',
  'envoy.config.endpoint.v3.LbEndpoint': 'endpoint metadata load_balancing_weight',
  'envoy.config.endpoint.v3.Endpoint': 'address',
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions':
    'common_http_protocol_options upstream_http_protocol_options explicit_http_config use_downstream_protocol_config http_filters',
  'xds.type.matcher.v3.Matcher': 'matcher_tree on_no_match',
  'xds.type.matcher.v3.Matcher.OnMatch': 'matcher action',
  'xds.type.matcher.v3.Matcher.MatcherTree': 'input exact_match_map prefix_match_map custom_match',
};

/** By the type's name; fields as protos write them. */
export const knownFields: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(fields).map(([type, names]) => [type, new Set(names.split(' '))]),
);
