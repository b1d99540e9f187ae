// The HTTP side of an outbound listener. Envoy: filters.network.http_connection_manager.v3. What it adds to a
// request stays inside: nothing that names the mesh may reach the outside (contract line 19, security-facts X2–X4).
import type { AccessLog } from './access-log.ts';
import { anyOf } from './any.ts';
import {
  HttpConnectionManager_ForwardClientCertDetails,
  HttpConnectionManagerSchema,
} from './gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { buildHeaderRemoval, type RemovedHeaders } from './header-removal.ts';
import { buildRouterFilter, type HttpFilter } from './http-filters.ts';
import type { NetworkFilter } from './network-filters.ts';
import { adsConfigSource, seconds } from './values.ts';

/** What every HTTP connection manager is made of, a gateway's too. */
export interface HttpManagerOptions {
  readonly statPrefix: string;
  /** RouteConfiguration's name, fetched over ADS. */
  readonly routeName: string;
  readonly accessLog: readonly AccessLog[];
  /** Of what the caller sent, and before anything reads it. */
  readonly removedHeaders: RemovedHeaders;
  /** Before the router, in this order. */
  readonly filters: readonly HttpFilter[];
  /** Run by the router for every cluster that brings none of its own. */
  readonly upstreamFilters: readonly HttpFilter[];
}

export interface HttpConnectionManagerOptions extends HttpManagerOptions {
  /** `/a/../b` is `/b` before a route is chosen, and goes on so. */
  readonly normalizesPaths?: boolean;
  /**
   * Takes CONNECT as well: this is a proxy that programs were told of. What ends inside a CONNECT is then seen to end
   * in a tenth of a second; Envoy's own second is there for callers far away.
   */
  readonly connect?: boolean;
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
        httpFilters: [...options.filters, buildRouterFilter(options.upstreamFilters)],
        accessLog: [...options.accessLog],
        useRemoteAddress: false,
        generateRequestId: false,
        skipXffAppend: true,
        forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails.SANITIZE,
        earlyHeaderMutationExtensions: [buildHeaderRemoval(options.removedHeaders)],
        // A trailing dot names the same host; one decision for both.
        stripTrailingHostDot: true,
        ...(options.normalizesPaths === true ? { normalizePath: true } : {}),
        streamIdleTimeout: seconds(0),
        ...(options.connect === true ? { delayedCloseTimeout: seconds(0.1) } : {}),
        upgradeConfigs: ['websocket', ...(options.connect === true ? ['CONNECT'] : [])].map((upgradeType) => ({
          upgradeType,
        })),
      }),
    },
  };
}
