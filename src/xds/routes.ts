// HTTP routing of one port: a RouteConfiguration with the catch-all, and the virtual host of each service on it
// (istio-semantics 1.4, 1.5). Virtual hosts go out one by one.

import { typeUrls } from '../discovery/view.ts';
import type { Route } from '../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../envoy/gen/envoy/config/route/v3/route_pb.js';
import { countGrpcMessages } from '../envoy/grpc-messages.ts';
import { forwardOnRoute } from '../envoy/http-filters.ts';
import { buildForwardRoute, buildRouteConfiguration, buildStatusRoute, buildVirtualHost } from '../envoy/route.ts';
import { type DestinationRule, effectivePolicy } from '../mesh/destination-rule.ts';
import { handlingOf, isHttp2 } from '../mesh/handling.ts';
import type { ProxySettings } from '../mesh/proxy-settings.ts';
import { originOf, type Service, type ServicePort } from '../mesh/service.ts';
import { virtualServiceOrigins } from '../mesh/virtual-service.ts';
import { governorsOf, type HostAccess } from './egress-policy/host-access.ts';
import { judgedRequests, judgementOf } from './egress-policy/judgement.ts';
import { hashPoliciesOf } from './hash-policies.ts';
import { allowAnyRoute, blockAllRoute, virtualHostName } from './names.ts';
import { refusesOddAuthority } from './odd-authority.ts';
import { type TypedResource, typedResource } from './resource.ts';
import { retryPolicyOf } from './retry-policy.ts';
import { unregisteredRoute } from './route-marks.ts';
import { portsOf, type SelectedHost } from './selected-host.ts';
import { clusterOf } from './service-clusters.ts';
import { unregisteredCluster } from './unregistered-cluster.ts';
import { virtualHostResource } from './virtual-host-resource.ts';
import { type AskedHost, buildHttpRoutes } from './virtual-service/http-routes.ts';
import type { Routing } from './virtual-service/routing.ts';

export function routeConfigurationName(port: number): string {
  return String(port);
}

export function buildPortRoutes(port: number, config: ProxySettings): TypedResource {
  const name = routeConfigurationName(port);
  const catchAll =
    config.outboundTrafficPolicy === 'ALLOW_ANY'
      ? buildVirtualHost(allowAnyRoute, ['*'], [refusesOddAuthority, anywhereRoute(config)])
      : buildVirtualHost(blockAllRoute, ['*'], [buildStatusRoute(blockAllRoute, 502, unregisteredRoute)]);
  const message = buildRouteConfiguration({ name, virtualHosts: [catchAll] });
  const { type, resource } = typedResource(
    typeUrls.route,
    RouteConfigurationSchema,
    name,
    message,
    config.origins ?? [],
  );
  return { type, resource: { ...resource, vhds: true } };
}

function anywhereRoute(config: ProxySettings): Route {
  return buildForwardRoute({
    name: allowAnyRoute,
    cluster: unregisteredCluster(config),
    perFilter: unregisteredRoute,
  });
}

/** Where every host may be reached: one that EgressPolicies govern, on a port where nothing else serves it. */
export function buildUnregisteredVirtualHost(
  host: string,
  port: number,
  access: HostAccess,
  config: ProxySettings,
): TypedResource {
  const allowed = access(host, port);
  const name = virtualHostName(routeConfigurationName(port), host);
  const message = buildVirtualHost(name, [host], [anywhereRoute(config)], {
    perFilter: judgedRequests(judgementOf(allowed)),
  });
  return virtualHostResource(message, governorsOf(allowed));
}

/**
 * `host`: the selected one, or one below it that is to be served the same. `extraDomains`: further names and addresses that
 * mean this host and no other one on a port.
 */
export function buildHostVirtualHosts(
  host: string,
  selected: SelectedHost,
  extraDomains: (port: number) => readonly string[],
  routing: (port: number) => Routing,
  access: HostAccess,
): readonly TypedResource[] {
  return portsOf(selected).flatMap((port) => {
    const handling = handlingOf(port.protocol);
    if (handling !== 'http' && handling !== 'auto') return [];
    const allowed = access(host, port.number);
    const asked = { host, judgement: judgementOf(allowed) };
    const routes = hostRoutes(selected, port, routing(port.number), asked);
    if (routes.length === 0) return [];
    const name = virtualHostName(routeConfigurationName(port.number), host);
    const message = buildVirtualHost(name, [host, ...extraDomains(port.number)], routes, {
      perFilter: judgedRequests(asked.judgement),
    });
    return [virtualHostResource(message, [...originsOf(selected), ...governorsOf(allowed)])];
  });
}

/** Empty where a VirtualService has rules, but none for these proxies: the host is then as if nobody knew it, as in Istio. */
export function hostRoutes(
  selected: SelectedHost,
  port: ServicePort,
  routing: Routing,
  asked: AskedHost,
): readonly Route[] {
  const { host, service, virtualService, rule } = selected;
  if (virtualService !== undefined && virtualService.http.length > 0) {
    return buildHttpRoutes(virtualService, host, routing, asked);
  }
  return service === undefined ? [] : [defaultRoute(service, port, rule)];
}

/** To the service's own cluster. */
export function defaultRoute(service: Service, port: ServicePort, rule: DestinationRule | undefined): Route {
  const hashPolicies = hashPoliciesOf([effectivePolicy(rule, port.number)]);
  return buildForwardRoute({
    name: 'default',
    cluster: clusterOf(service, port),
    retryPolicy: retryPolicyOf(undefined, hashPolicies.length > 0),
    hashPolicies,
    perFilter: {
      ...(service.resolution === 'DYNAMIC_DNS' ? forwardOnRoute(port.targetPort ?? port.number) : {}),
      ...(isHttp2(port.protocol) ? countGrpcMessages : {}),
    },
  });
}

export function originsOf({ service, virtualService }: SelectedHost): readonly string[] {
  return [
    ...(service === undefined ? [] : [originOf(service)]),
    ...(virtualService === undefined ? [] : virtualServiceOrigins(virtualService)),
  ];
}
