// The HTTP side of the listener that copies of requests come to. Envoy: filters.network.http_connection_manager.v3. Nobody
// waits for what a copy is answered, so a server that says nothing keeps it for Envoy's own five minutes and no longer.

import type { AccessLog } from './access-log.ts';
import { anyOf } from './any.ts';
import { HttpConnectionManagerSchema } from './gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { buildRouterFilter, type HttpFilter } from './http-filters.ts';
import type { NetworkFilter } from './network-filters.ts';
import { buildVirtualHost } from './route.ts';
import { buildMirrorRoute } from './route-mirror.ts';

export interface MirrorHttpManagerOptions {
  /** Of the route too, which logs tell. */
  readonly name: string;
  readonly accessLog: readonly AccessLog[];
  readonly upstreamFilters: readonly HttpFilter[];
}

export function buildMirrorHttpManager({ name, accessLog, upstreamFilters }: MirrorHttpManagerOptions): NetworkFilter {
  const virtualHost = buildVirtualHost(name, ['*'], [buildMirrorRoute(name)]);
  return {
    name: 'envoy.filters.network.http_connection_manager',
    configType: {
      case: 'typedConfig',
      value: anyOf(HttpConnectionManagerSchema, {
        statPrefix: name,
        routeSpecifier: { case: 'routeConfig', value: { name, virtualHosts: [virtualHost], validateClusters: false } },
        httpFilters: [buildRouterFilter(upstreamFilters)],
        accessLog: [...accessLog],
        useRemoteAddress: false,
        generateRequestId: false,
        skipXffAppend: true,
      }),
    },
  };
}
