// The HTTP side of a gateway's listener. Envoy: filters.network.http_connection_manager.v3, with the settings for callers
// that are not trusted (Envoy's "edge" guide). The caller's address is appended to X-Forwarded-For for services of the
// mesh; clusters that lead outside take it off again (header-stripping.ts).
import { anyOf } from './any.ts';
import {
  HttpConnectionManager_ForwardClientCertDetails,
  HttpConnectionManagerSchema,
} from './gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { buildHeaderRemoval } from './header-removal.ts';
import type { HttpManagerOptions } from './http-connection-manager.ts';
import { buildRouterFilter } from './http-filters.ts';
import type { NetworkFilter } from './network-filters.ts';
import { adsConfigSource, seconds } from './values.ts';

export function buildGatewayHttpManager(options: HttpManagerOptions): NetworkFilter {
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
        httpFilters: [...options.filters, buildRouterFilter(options.upstreamFilters)],
        accessLog: [...options.accessLog],
        serverName: 'istio-envoy',
        useRemoteAddress: true,
        generateRequestId: false,
        forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails.SANITIZE_SET,
        setCurrentClientCertDetails: { subject: true, cert: true, dns: true, uri: true },
        earlyHeaderMutationExtensions: [buildHeaderRemoval(options.removedHeaders)],
        // A trailing dot names the same host; one decision for both.
        stripTrailingHostDot: true,
        // Istio: pathNormalization BASE; `//` stays, since servers outside may tell it from `/`.
        normalizePath: true,
        streamIdleTimeout: seconds(0),
        requestHeadersTimeout: seconds(60),
        http2ProtocolOptions: {
          maxConcurrentStreams: 100,
          initialStreamWindowSize: 65_536,
          initialConnectionWindowSize: 1_048_576,
        },
        upgradeConfigs: [{ upgradeType: 'websocket' }],
      }),
    },
  };
}
