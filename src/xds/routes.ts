// HTTP routing of one port: a RouteConfiguration with the catch-all, and the virtual host of each service on it
// (istio-semantics 1.4, 1.5). Virtual hosts go out one by one.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { typeUrls } from '../discovery/view.ts';
import { anyOf } from '../envoy/any.ts';
import { type RetryPolicySchema, VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../envoy/gen/envoy/config/route/v3/route_pb.js';
import { PreviousHostsPredicateSchema } from '../envoy/gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.js';
import { countGrpcMessages } from '../envoy/grpc-messages.ts';
import { forwardOnRoute } from '../envoy/http-filters.ts';
import { buildForwardRoute, buildRouteConfiguration, buildStatusRoute, buildVirtualHost } from '../envoy/route.ts';
import { handlingOf, isHttp2 } from '../mesh/handling.ts';
import type { MeshConfig } from '../mesh/mesh-config.ts';
import { originOf, type Service } from '../mesh/service.ts';
import { allowAnyRoute, blockAllRoute, passthroughCluster, virtualHostName } from './names.ts';
import { type TypedResource, typedResource } from './resource.ts';
import { unregisteredRoute } from './route-marks.ts';
import { clusterOf } from './service-clusters.ts';

/** Istio's default for outbound routes (core/route/retry/retry.go). */
export const defaultRetryPolicy: MessageInitShape<typeof RetryPolicySchema> = {
  retryOn: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
  numRetries: 2,
  retryHostPredicate: [
    {
      name: 'envoy.retry_host_predicates.previous_hosts',
      configType: { case: 'typedConfig', value: anyOf(PreviousHostsPredicateSchema, {}) },
    },
  ],
  hostSelectionRetryMaxAttempts: 5n,
};

export function routeConfigurationName(port: number): string {
  return String(port);
}

export function buildPortRoutes(port: number, config: MeshConfig): TypedResource {
  const name = routeConfigurationName(port);
  const catchAll =
    config.outboundTrafficPolicy === 'ALLOW_ANY'
      ? buildVirtualHost(
          allowAnyRoute,
          ['*'],
          [buildForwardRoute({ name: allowAnyRoute, cluster: passthroughCluster, perFilter: unregisteredRoute })],
        )
      : buildVirtualHost(blockAllRoute, ['*'], [buildStatusRoute(blockAllRoute, 502, unregisteredRoute)]);
  const message = buildRouteConfiguration({ name, virtualHosts: [catchAll] });
  const { type, resource } = typedResource(typeUrls.route, RouteConfigurationSchema, name, message, []);
  return { type, resource: { ...resource, vhds: true } };
}

/** `extraDomains`: further names and addresses that mean this service and no other one on a port. */
export function buildServiceVirtualHosts(
  service: Service,
  extraDomains: (port: number) => readonly string[],
): readonly TypedResource[] {
  const resources: TypedResource[] = [];
  for (const port of service.ports) {
    const handling = handlingOf(port.protocol);
    if (handling !== 'http' && handling !== 'auto') continue;
    const name = virtualHostName(routeConfigurationName(port.number), service.host);
    const route = buildForwardRoute({
      name: 'default',
      cluster: clusterOf(service, port),
      retryPolicy: defaultRetryPolicy,
      perFilter: {
        ...(service.resolution === 'DYNAMIC_DNS' ? forwardOnRoute(port.number) : {}),
        ...(isHttp2(port.protocol) ? countGrpcMessages : {}),
      },
    });
    const message = buildVirtualHost(name, [service.host, ...extraDomains(port.number)], [route]);
    resources.push(typedResource(typeUrls.virtualHost, VirtualHostSchema, name, message, [originOf(service)]));
  }
  return resources;
}
