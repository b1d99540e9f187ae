// The HTTP side of an outbound listener. Envoy: filters.network.http_connection_manager.v3. What it adds to a
// request stays inside: nothing that names the mesh may reach the outside (contract line 19, security-facts X2–X4).
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AccessLog } from './access-log.ts';
import { anyOf } from './any.ts';
import type { DnsCacheConfigSchema } from './gen/envoy/extensions/common/dynamic_forward_proxy/v3/dns_cache_pb.js';
import { FilterConfigSchema as DynamicForwardProxySchema } from './gen/envoy/extensions/filters/http/dynamic_forward_proxy/v3/dynamic_forward_proxy_pb.js';
import { HeaderMutationSchema } from './gen/envoy/extensions/filters/http/header_mutation/v3/header_mutation_pb.js';
import { RouterSchema } from './gen/envoy/extensions/filters/http/router/v3/router_pb.js';
import { ConfigSchema as SetFilterStateSchema } from './gen/envoy/extensions/filters/http/set_filter_state/v3/set_filter_state_pb.js';
import {
  HttpConnectionManager_ForwardClientCertDetails,
  HttpConnectionManagerSchema,
  type HttpFilterSchema,
} from './gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import type { NetworkFilter } from './network-filters.ts';
import { adsConfigSource, seconds } from './values.ts';

type HttpFilter = MessageInitShape<typeof HttpFilterSchema>;

export interface HttpConnectionManagerOptions {
  readonly statPrefix: string;
  /** RouteConfiguration's name, fetched over ADS. */
  readonly routeName: string;
  readonly accessLog: readonly AccessLog[];
  /** Before the router, in this order. */
  readonly filters: readonly HttpFilter[];
}

export function buildHttpConnectionManager(options: HttpConnectionManagerOptions): NetworkFilter {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    configType: {
      case: 'typedConfig',
      value: anyOf(HttpConnectionManagerSchema, {
        statPrefix: options.statPrefix,
        routeSpecifier: {
          case: 'rds',
          value: { configSource: adsConfigSource, routeConfigName: options.routeName },
        },
        httpFilters: [...options.filters, buildRouterFilter()],
        accessLog: [...options.accessLog],
        useRemoteAddress: false,
        generateRequestId: false,
        skipXffAppend: true,
        forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails.SANITIZE,
        normalizePath: true,
        // A trailing dot names the same host; one decision for both.
        stripTrailingHostDot: true,
        streamIdleTimeout: seconds(0),
        upgradeConfigs: [{ upgradeType: 'websocket' }],
      }),
    },
  };
}

function httpFilter(name: string, value: ReturnType<typeof anyOf>): HttpFilter {
  return { name, configType: { case: 'typedConfig', value } };
}

function buildRouterFilter(): HttpFilter {
  return httpFilter('envoy.filters.http.router', anyOf(RouterSchema, {}));
}

/** Takes away every request header with one of these prefixes, whoever set it. */
export function buildHeaderPrefixRemoval(prefixes: readonly string[]): HttpFilter {
  return httpFilter(
    'envoy.filters.http.header_mutation',
    anyOf(HeaderMutationSchema, {
      mutations: {
        requestMutations: prefixes.map((prefix) => ({
          action: {
            case: 'removeOnMatch' as const,
            value: { keyMatcher: { matchPattern: { case: 'prefix' as const, value: prefix } } },
          },
        })),
      },
    }),
  );
}

/**
 * Resolves the Host of requests routed to dynamic forward proxy clusters. The port is the listener's, never the one
 * in the Host header: a caller must not choose it.
 */
export function buildDynamicForwardProxyFilters(
  cache: MessageInitShape<typeof DnsCacheConfigSchema>,
  port: number,
): readonly HttpFilter[] {
  const setPort = anyOf(SetFilterStateSchema, {
    onRequestHeaders: [
      {
        key: { case: 'objectKey', value: 'envoy.upstream.dynamic_port' },
        value: {
          case: 'formatString',
          value: {
            format: {
              case: 'textFormatSource',
              value: { specifier: { case: 'inlineString', value: String(port) } },
            },
          },
        },
      },
    ],
  });
  const resolve = anyOf(DynamicForwardProxySchema, {
    implementationSpecifier: { case: 'dnsCacheConfig', value: cache },
    allowDynamicHostFromFilterState: true,
  });
  return [
    httpFilter('envoy.filters.http.set_filter_state', setPort),
    httpFilter('envoy.filters.http.dynamic_forward_proxy', resolve),
  ];
}
