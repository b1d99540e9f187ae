// The HTTP side of an inbound listener. Envoy: filters.network.http_connection_manager.v3. What the application answers
// goes back as it is, its Server header too; the routes stand inline, since nothing here depends on what is registered.

import type { AccessLog } from './access-log.ts';
import { anyOf } from './any.ts';
import type { VirtualHost } from './gen/envoy/config/route/v3/route_components_pb.js';
import {
  HttpConnectionManager_ForwardClientCertDetails,
  HttpConnectionManager_ServerHeaderTransformation,
  HttpConnectionManagerSchema,
} from './gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { buildRouterFilter, type HttpFilter } from './http-filters.ts';
import type { NetworkFilter } from './network-filters.ts';
import { seconds } from './values.ts';

export interface InboundHttpManagerOptions {
  readonly statPrefix: string;
  readonly virtualHost: VirtualHost;
  readonly accessLog: readonly AccessLog[];
  /** Callers show certificates: who they are is added to X-Forwarded-Client-Cert, which nobody else may say. */
  readonly knowsCallers: boolean;
  /** Before the router. */
  readonly filters: readonly HttpFilter[];
  /** `/a/../b` is `/b` before anything judges it, and goes on so. */
  readonly normalizesPaths: boolean;
}

export function buildInboundHttpManager({
  statPrefix,
  virtualHost,
  accessLog,
  knowsCallers,
  filters,
  normalizesPaths,
}: InboundHttpManagerOptions): NetworkFilter {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    configType: {
      case: 'typedConfig',
      value: anyOf(HttpConnectionManagerSchema, {
        statPrefix,
        routeSpecifier: {
          case: 'routeConfig',
          value: { name: statPrefix, virtualHosts: [virtualHost], validateClusters: false },
        },
        httpFilters: [...filters, buildRouterFilter([])],
        ...(normalizesPaths ? { normalizePath: true } : {}),
        accessLog: [...accessLog],
        serverHeaderTransformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
        useRemoteAddress: false,
        generateRequestId: false,
        skipXffAppend: true,
        ...(knowsCallers
          ? {
              forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails.APPEND_FORWARD,
              setCurrentClientCertDetails: { subject: true, dns: true, uri: true },
            }
          : { forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails.SANITIZE }),
        streamIdleTimeout: seconds(0),
        upgradeConfigs: [{ upgradeType: 'websocket' }],
      }),
    },
  };
}
