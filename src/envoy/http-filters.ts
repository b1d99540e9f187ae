// HTTP filters, for the request's way down the chain and for the upstream side. The order in which they stand is the
// caller's. Envoy: extensions.filters.http.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { anyOf } from './any.ts';
import { FilterConfigSchema as RouteFilterConfigSchema } from './gen/envoy/config/route/v3/route_components_pb.js';
import type { DnsCacheConfigSchema } from './gen/envoy/extensions/common/dynamic_forward_proxy/v3/dns_cache_pb.js';
import { FilterConfigSchema as DynamicForwardProxySchema } from './gen/envoy/extensions/filters/http/dynamic_forward_proxy/v3/dynamic_forward_proxy_pb.js';
import { RouterSchema } from './gen/envoy/extensions/filters/http/router/v3/router_pb.js';
import { ConfigSchema as SetFilterStateSchema } from './gen/envoy/extensions/filters/http/set_filter_state/v3/set_filter_state_pb.js';
import { UpstreamCodecSchema } from './gen/envoy/extensions/filters/http/upstream_codec/v3/upstream_codec_pb.js';
import type { HttpFilterSchema } from './gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';

export type HttpFilter = MessageInitShape<typeof HttpFilterSchema>;

export function httpFilter(name: string, value: Any): HttpFilter {
  return { name, configType: { case: 'typedConfig', value } };
}

/** Run only on routes that ask for them in their own configuration: what the others do not need costs them nothing. */
export function whereRoutesAsk(filters: readonly HttpFilter[]): readonly HttpFilter[] {
  return filters.map((filter) => ({ ...filter, disabled: true }));
}

/** Upstream filters run for each attempt, after the upstream host was chosen and before a connection is made. */
export function buildRouterFilter(upstreamFilters: readonly HttpFilter[]): HttpFilter {
  const upstreamHttpFilters = upstreamFilters.length === 0 ? [] : withCodec(upstreamFilters);
  return httpFilter('envoy.filters.http.router', anyOf(RouterSchema, { upstreamHttpFilters }));
}

/** An upstream filter list ends in the codec. */
export function withCodec(filters: readonly HttpFilter[]): HttpFilter[] {
  const codec = httpFilter('envoy.filters.http.upstream_codec', anyOf(UpstreamCodecSchema, {}));
  return [...filters, codec];
}

const setPortFilter = 'envoy.filters.http.set_filter_state';
const forwardFilter = 'envoy.filters.http.dynamic_forward_proxy';

/**
 * Resolves the Host of requests routed to dynamic forward proxy clusters, with this port where the Host header names
 * none. One that it names would be dialled: an address guard with `port` has to stand behind.
 */
export function buildDynamicForwardProxyFilters(
  cache: MessageInitShape<typeof DnsCacheConfigSchema>,
  port: number,
): readonly HttpFilter[] {
  const resolve = anyOf(DynamicForwardProxySchema, {
    implementationSpecifier: { case: 'dnsCacheConfig', value: cache },
    allowDynamicHostFromFilterState: true,
  });
  return [httpFilter(setPortFilter, dynamicPort(port)), httpFilter(forwardFilter, resolve)];
}

/** For a route's `typed_per_filter_config`, where those filters run only on routes that ask for them. */
export function forwardOnRoute(port: number): Record<string, Any> {
  return { [setPortFilter]: dynamicPort(port), [forwardFilter]: anyOf(RouteFilterConfigSchema, { config: {} }) };
}

function dynamicPort(port: number): Any {
  return anyOf(SetFilterStateSchema, {
    onRequestHeaders: [
      {
        key: { case: 'objectKey', value: 'envoy.upstream.dynamic_port' },
        value: {
          case: 'formatString',
          value: {
            format: { case: 'textFormatSource', value: { specifier: { case: 'inlineString', value: String(port) } } },
          },
        },
      },
    ],
  });
}
