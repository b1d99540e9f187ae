// The filter chains that outbound listeners are made of: HTTP, TLS by SNI, one service, and the catch-all that ends
// every listener (istio-semantics 1.1, 1.5).
import { isWildcardHost } from '../api/host-name.ts';
import { buildCorsFilter } from '../envoy/cors.ts';
import { buildFaultFilter } from '../envoy/fault.ts';
import { buildGrpcMessagesFilter } from '../envoy/grpc-messages.ts';
import { buildHttpConnectionManager } from '../envoy/http-connection-manager.ts';
import { buildDynamicForwardProxyFilters, whereRoutesAsk } from '../envoy/http-filters.ts';
import { buildFilterChain, type FilterChain } from '../envoy/listener.ts';
import {
  buildClusterFromSni,
  buildSniDynamicForwardProxy,
  buildTcpProxy,
  type NetworkFilter,
} from '../envoy/network-filters.ts';
import { buildRouteMarkFilter } from '../envoy/route-mark.ts';
import { type AddressGuard, buildNetworkAddressFilter } from '../envoy/upstream-address-guard.ts';
import { handlingOf } from '../mesh/handling.ts';
import type { ProxySettings } from '../mesh/proxy-settings.ts';
import { exactHostGuard, wildcardHostGuard } from './address-policy.ts';
import {
  asksForPaths,
  authorizeConnections,
  authorizeRequests,
  type ConnectionAuthorization,
  judgedProxy,
  unjudged,
} from './authorization/filters.ts';
import { outboundSide } from './authorization/sides.ts';
import type { Capture } from './capture.ts';
import { dynamicDnsCache } from './dynamic-dns.ts';
import { buildRequestFilter } from './egress-policy/request-filter.ts';
import { allowAnyRoute, blackHoleCluster, outboundClusterPrefix } from './names.ts';
import { ownSettings, type PortService } from './port-use.ts';
import { routeConfigurationName } from './routes.ts';
import { clusterOf, endpointCluster, followsEndpoint } from './service-clusters.ts';
import { outboundHttpLogs, outboundTcpLogs, type TcpLogOptions } from './traffic-logs.ts';
import { unregisteredCluster } from './unregistered-cluster.ts';
import { buildUpstreamFilters } from './upstream-filters.ts';
import type { PassedRoute } from './virtual-service/passed-routes.ts';

/** Headers that speak of the mesh: not the application's to send out, and not ours. */
export const internalHeaderPrefixes = ['x-envoy-', 'x-forwarded-'];

/** Where a program asks its proxy, the listener's address is the proxy's; of the destination the port is known. */
function originalDestination(port: number, capture: Capture['kind']): string | undefined {
  return capture === 'proxy' ? `0.0.0.0:${port}` : undefined;
}

export function catchAllChain(config: ProxySettings): FilterChain {
  const allowAny = config.outboundTrafficPolicy === 'ALLOW_ANY';
  const cluster = allowAny ? unregisteredCluster(config) : blackHoleCluster;
  // The name of an egress proxy's cluster does not say that nobody registered what passes it.
  const route = allowAny && config.egressProxy !== undefined ? { route: allowAnyRoute } : {};
  const place = { reads: 'server-name', port: undefined, capture: 'redirect' } as const;
  const authorization = allowAny ? authorizeConnections(outboundSide(config, place)) : unjudged;
  const accessLog = outboundTcpLogs(config, 'unregistered', { ...route, refusal: authorization.refusal });
  const proxy = { statPrefix: cluster, cluster, accessLog };
  return buildFilterChain('catch-all', judgedProxy({ authorization, proxy, waits: true }));
}

/** For names that are not to be reached although somebody may. `host`: the one that its connections are for, where none names it. */
export function closedChain(
  name: string,
  port: number,
  config: ProxySettings,
  { capture, host }: { readonly capture: Capture['kind']; readonly host?: string },
): FilterChain {
  const accessLog = outboundTcpLogs(config, 'unregistered', { destination: originalDestination(port, capture), host });
  return buildFilterChain(name, [
    buildTcpProxy({ statPrefix: blackHoleCluster, cluster: blackHoleCluster, accessLog }),
  ]);
}

export interface HttpChainOptions {
  readonly capture: Capture['kind'];
  /** Rules tell requests apart by their paths. */
  readonly byPath: boolean;
}

export function httpChain(name: string, port: number, config: ProxySettings, options: HttpChainOptions): FilterChain {
  const { capture, byPath } = options;
  const forward = buildDynamicForwardProxyFilters(dynamicDnsCache, port);
  const { filters: judging, refusal } = authorizeRequests(outboundSide(config, { reads: 'requests', port, capture }));
  return buildFilterChain(name, [
    buildHttpConnectionManager({
      statPrefix: `outbound_0.0.0.0_${port};`,
      routeName: routeConfigurationName(port),
      accessLog: outboundHttpLogs(config, { destination: originalDestination(port, capture), refusal }),
      removedHeaders: { prefixes: internalHeaderPrefixes },
      normalizesPaths: byPath || asksForPaths(config.authorization?.outbound),
      filters: [
        buildRouteMarkFilter(),
        ...judging,
        buildRequestFilter(),
        buildGrpcMessagesFilter(),
        ...whereRoutesAsk([buildCorsFilter(), buildFaultFilter()]),
        // Where a program asks its proxy, even "anywhere" is a name to be resolved.
        ...(capture === 'proxy' ? forward : whereRoutesAsk(forward)),
      ],
      upstreamFilters: buildUpstreamFilters(exactHostGuard(config.allowedRanges, capture)),
    }),
  ]);
}

/** Every SNI to the cluster of its name; one without a cluster is reset. */
export function serverNameChain(
  name: string,
  port: number,
  config: ProxySettings,
  capture: Capture['kind'],
): FilterChain {
  const authorization = authorizeConnections(outboundSide(config, { reads: 'server-name', port, capture }));
  const { refusal } = authorization;
  const destination = originalDestination(port, capture);
  const connected = capture === 'proxy';
  const accessLog = outboundTcpLogs(config, 'by-name', { destination, refusal, connected });
  const proxy = { statPrefix: 'sni', cluster: blackHoleCluster, accessLog };
  const before = [buildClusterFromSni(outboundClusterPrefix(port))];
  return buildFilterChain(name, judgedProxy({ authorization, proxy, before, waits: true }));
}

/** All connections to this one service; named by its host. A wildcard's are resolved by their SNI, and judged. */
export function serviceChain(
  entry: PortService,
  config: ProxySettings,
  capture: Capture['kind'] = 'redirect',
): FilterChain {
  const { service, port, withheld } = entry;
  const [passed] = entry.passed;
  if (withheld === 'denied' || (passed?.denied === true && passed.serverNames.length === 0)) {
    const named = handlingOf(port.protocol) === 'tls' ? {} : { host: service.host };
    return closedChain(service.host, port.number, config, { capture, ...named });
  }
  const reported = withheld === 'reported';
  const isTls = handlingOf(port.protocol) === 'tls';
  const authorization = authorizeConnections(
    outboundSide(
      config,
      isTls
        ? { reads: 'server-name', port: port.number, capture }
        : { reads: 'nothing', port: port.number, capture, host: service.host },
    ),
  );
  if (passed !== undefined && passed.serverNames.length === 0) {
    const { refusal } = authorization;
    return buildFilterChain(service.host, passedFilters(passed, config, { authorization, telling: { refusal } }));
  }
  const destination = originalDestination(port.number, capture);
  const cluster = followsEndpoint(service, port, capture) ? endpointCluster(service, port) : clusterOf(service, port);
  if (service.resolution === 'DYNAMIC_DNS' && isWildcardHost(service.host)) {
    const guard = wildcardHostGuard(config.allowedRanges, port.targetPort ?? port.number);
    return forwardedChain(entry, guard, config, capture);
  }
  const { refusal } = authorization;
  const host = refusal?.kind === 'always' && !isTls ? service.host : undefined;
  const accessLog = outboundTcpLogs(config, 'registered', { destination, reported, refusal, host });
  const proxy = { statPrefix: cluster, cluster, accessLog, ...ownSettings(entry) };
  return buildFilterChain(service.host, judgedProxy({ authorization, proxy, waits: true }));
}

/** Where a VirtualService sends connections to the host, those for some SNIs or all; named by its route. */
export function passedChain(route: PassedRoute, host: string, config: ProxySettings): FilterChain {
  if (route.denied === true) {
    const named = route.serverNames.length > 0 ? {} : { host };
    return closedChain(route.name, route.port, config, { capture: 'redirect', ...named });
  }
  const seen =
    route.serverNames.length > 0 ? ({ reads: 'server-name' } as const) : ({ reads: 'nothing', host } as const);
  const authorization = authorizeConnections(outboundSide(config, { ...seen, port: route.port, capture: 'redirect' }));
  const { refusal } = authorization;
  return buildFilterChain(route.name, passedFilters(route, config, { authorization, telling: { refusal } }));
}

export interface PassedOptions {
  readonly authorization: ConnectionAuthorization;
  readonly telling?: Omit<TcpLogOptions, 'route'>;
}

export function passedFilters(
  { name, clusters, forwarded, settings, reported = false }: PassedRoute,
  config: ProxySettings,
  { authorization, telling = {} }: PassedOptions,
): readonly NetworkFilter[] {
  if (forwarded !== undefined) {
    const { port } = forwarded;
    const guard = wildcardHostGuard(config.allowedRanges, port.targetPort ?? port.number);
    return forwardedFilters(forwarded, guard, config, { authorization, telling: { ...telling, reported } });
  }
  const accessLog = outboundTcpLogs(config, 'registered', { ...telling, route: name, reported });
  const proxy = { statPrefix: name, cluster: clusters, accessLog, ...settings };
  return judgedProxy({ authorization, proxy, waits: true });
}

/** To the address that the SNI resolves to, if the guard allows it. */
export function forwardedChain(
  entry: PortService,
  guard: AddressGuard,
  config: ProxySettings,
  capture: Capture['kind'],
): FilterChain {
  const destination = originalDestination(entry.port.number, capture);
  const reported = entry.withheld === 'reported';
  const place = { reads: 'server-name', port: entry.port.number, capture } as const;
  const authorization = authorizeConnections(outboundSide(config, place));
  const telling = { destination, reported, refusal: authorization.refusal };
  return buildFilterChain(entry.service.host, forwardedFilters(entry, guard, config, { authorization, telling }));
}

type Forwarded = Pick<PortService, 'service' | 'port'>;

function forwardedFilters(
  { service, port }: Forwarded,
  guard: AddressGuard,
  config: ProxySettings,
  { authorization, telling = {} }: PassedOptions,
) {
  const cluster = clusterOf(service, port);
  const before = [
    buildSniDynamicForwardProxy(dynamicDnsCache, port.targetPort ?? port.number),
    buildNetworkAddressFilter(guard, 'sni_guard'),
  ];
  const accessLog = outboundTcpLogs(config, 'judged', telling);
  return judgedProxy({
    authorization,
    before,
    proxy: { statPrefix: cluster, cluster, accessLog, connectOnData: true },
    waits: true,
  });
}
