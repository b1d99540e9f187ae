// The HTTP proxy that programs are told of: its listener, which a static one with a socket hands connections to
// (envoy/bootstrap-proxy-capture.ts), its routes for what is not registered, and the cluster for "anywhere".
// CONNECT that was refused is answered 403, so that the program learns it at once; requests 502, as everywhere.
import { isUnder } from '../../api/host-name.ts';
import { typeUrls } from '../../discovery/view.ts';
import { anyOfFilters, filtered, headerAbsent, statusFrom } from '../../envoy/access-log-filter.ts';
import { buildDynamicForwardProxyCluster, buildEmptyCluster } from '../../envoy/cluster.ts';
import {
  buildConnectRoute,
  buildConnectStatusRoute,
  forAuthority,
  handedOverHeader,
} from '../../envoy/connect-route.ts';
import { buildCorsFilter } from '../../envoy/cors.ts';
import { buildFaultFilter } from '../../envoy/fault.ts';
import type { FilterStateValue } from '../../envoy/filter-state.ts';
import { ClusterSchema } from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.js';
import { ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import type { Route } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../../envoy/gen/envoy/config/route/v3/route_pb.js';
import { buildGrpcMessagesFilter } from '../../envoy/grpc-messages.ts';
import { buildHttpConnectionManager } from '../../envoy/http-connection-manager.ts';
import { buildDynamicForwardProxyFilters, whereRoutesAsk } from '../../envoy/http-filters.ts';
import { buildHttpProtocolOptions } from '../../envoy/http-protocol-options.ts';
import { buildInternalListener } from '../../envoy/internal-listener.ts';
import { buildFilterChain } from '../../envoy/listener.ts';
import { buildForwardRoute, buildRouteConfiguration, buildStatusRoute, buildVirtualHost } from '../../envoy/route.ts';
import { buildRouteMarkFilter } from '../../envoy/route-mark.ts';
import type { ProxySettings } from '../../mesh/proxy-settings.ts';
import type { Service } from '../../mesh/service.ts';
import { exactHostGuard } from '../address-policy.ts';
import { authorizeAsked } from '../authorization/asked.ts';
import type { PortRule } from '../capture.ts';
import { dynamicDnsCache } from '../dynamic-dns.ts';
import { governorsOf, type HostAccess } from '../egress-policy/host-access.ts';
import { judgedRequests, judgementOf } from '../egress-policy/judgement.ts';
import { buildRequestFilter } from '../egress-policy/request-filter.ts';
import { internalHeaderPrefixes } from '../filter-chains.ts';
import {
  allowAnyRoute,
  blackHoleCluster,
  blockAllRoute,
  blockConnectRoute,
  httpProxy,
  outboundPort,
  passthroughCluster,
  virtualHostName,
} from '../names.ts';
import { refusesOddAuthority, refusesOddConnect } from '../odd-authority.ts';
import { type TypedResource, typedResource } from '../resource.ts';
import { unregisteredRoute } from '../route-marks.ts';
import { outboundHttpLogs } from '../traffic-logs.ts';
import { unregisteredCluster } from '../unregistered-cluster.ts';
import { buildUpstreamFilters } from '../upstream-filters.ts';
import { virtualHostResource } from '../virtual-host-resource.ts';
import { buildRangeRoutes } from './asked-routes.ts';
import { authorityDomains, hostRegex } from './authority.ts';

export function buildHttpProxy(
  config: ProxySettings,
  ranged: Iterable<Service>,
  rules: readonly PortRule[],
): readonly TypedResource[] {
  const clusters = [
    buildDynamicForwardProxyCluster({
      name: passthroughCluster,
      http: buildHttpProtocolOptions({ version: 'downstream' }),
      cache: dynamicDnsCache,
    }),
    buildEmptyCluster(blackHoleCluster),
  ];
  const listener = buildListener(config);
  const routes = buildRouteConfiguration({
    name: httpProxy,
    virtualHosts: [buildCatchAll(config, ranged, rules), buildItself()],
    portsInDomains: true,
  });
  const route = typedResource(typeUrls.route, RouteConfigurationSchema, httpProxy, routes, config.origins ?? []);
  return [
    ...clusters.map((cluster) => typedResource(typeUrls.cluster, ClusterSchema, cluster.name, cluster, [])),
    typedResource(typeUrls.listener, ListenerSchema, httpProxy, listener, config.origins ?? []),
    { ...route, resource: { ...route.resource, vhds: true } },
  ];
}

function buildListener(config: ProxySettings) {
  const { filters: judging, refusal } = authorizeAsked(config);
  return buildInternalListener({
    name: httpProxy,
    direction: 'outbound',
    addresses: 'caller',
    inspectors: [],
    chains: [],
    defaultChain: buildFilterChain(httpProxy, [
      buildHttpConnectionManager({
        statPrefix: httpProxy,
        routeName: httpProxy,
        connect: true,
        accessLog: outboundHttpLogs(config, { destination: '', refusal }).map((log) => filtered(log, toldHere)),
        removedHeaders: { names: ['proxy-authorization'], prefixes: internalHeaderPrefixes },
        // One listener for all ports: some rule may ask for a path.
        normalizesPaths: true,
        filters: [
          buildRouteMarkFilter(),
          ...judging,
          buildRequestFilter(),
          buildGrpcMessagesFilter(),
          ...whereRoutesAsk([buildCorsFilter(), buildFaultFilter()]),
          ...buildDynamicForwardProxyFilters(dynamicDnsCache, 80),
        ],
        upstreamFilters: buildUpstreamFilters(exactHostGuard(config.allowedRanges)),
      }),
    ]),
  });
}

/** What was handed over is told by the listener that took it, unless none did. */
const toldHere = anyOfFilters(headerAbsent(handedOverHeader), statusFrom(300));

function buildCatchAll(config: ProxySettings, ranged: Iterable<Service>, rules: readonly PortRule[]) {
  const ranges = buildRangeRoutes(ranged, config);
  if (config.outboundTrafficPolicy === 'REGISTRY_ONLY') {
    return buildVirtualHost(blockAllRoute, ['*'], [...ranges, ...refusesOdd, ...blocked]);
  }
  return buildVirtualHost(allowAnyRoute, ['*'], [...ranges, ...anywhereRoutes(config, rules)]);
}

const refusesOdd: readonly Route[] = [refusesOddConnect, refusesOddAuthority];

function anywhereRoutes(config: ProxySettings, rules: readonly PortRule[]): readonly Route[] {
  const cluster = unregisteredCluster(config);
  // What an egress proxy is asked for it finds by itself.
  if (cluster !== passthroughCluster) return [...refusesOdd, ...anywhere(cluster, [])];
  const specificFirst = rules.toSorted((a, b) => Number(a.port === undefined) - Number(b.port === undefined));
  return [...refusesOdd, ...specificFirst.flatMap(buildRuleRoutes), ...anywhere(cluster, [])];
}

export interface UnregisteredAsked {
  readonly host: string;
  /** `other`: all that have no virtual host of their own. */
  readonly port: number | 'other';
  readonly access: HostAccess;
  readonly config: ProxySettings;
  readonly rules: readonly PortRule[];
}

/** Where every host may be reached: one that EgressPolicies govern, on a port where nothing else serves it. */
export function buildUnregisteredAsked({ host, port, access, config, rules }: UnregisteredAsked): TypedResource {
  const allowed = access(host, port === 'other' ? 0 : port);
  const domains = port === 'other' ? [`${host}:*`] : authorityDomains([host], port);
  const routes = anywhereRoutes(
    config,
    rules.filter((rule) => isUnder(rule.host, host)),
  );
  const name = virtualHostName(httpProxy, `${host}:${port === 'other' ? '*' : port}`);
  return virtualHostResource(
    buildVirtualHost(name, domains, routes, { perFilter: judgedRequests(judgementOf(allowed)) }),
    governorsOf(allowed),
  );
}

const blocked: readonly Route[] = [
  buildConnectStatusRoute(blockConnectRoute, 403),
  buildStatusRoute(blockAllRoute, 502, unregisteredRoute),
];

/** A proxy that was asked for itself would ask itself for ever. */
function buildItself() {
  return buildVirtualHost('proxy_itself', [`*:${outboundPort}`], blocked);
}

/** Not registered, but mapped: dialled at the rule's address and port. Rules that map no port are DNS's. */
function buildRuleRoutes({ host, port, address, targetPort }: PortRule): readonly Route[] {
  if (targetPort === undefined) return [];
  const dialled = [
    { key: 'envoy.upstream.dynamic_host', format: address },
    { key: 'envoy.upstream.dynamic_port', format: String(targetPort) },
  ];
  return anywhere(passthroughCluster, dialled).map((route) => forAuthority(route, hostRegex(host, port)));
}

function anywhere(cluster: string, filterState: readonly FilterStateValue[]): readonly Route[] {
  return [
    buildConnectRoute({ name: allowAnyRoute, cluster, filterState, perFilter: unregisteredRoute }),
    buildForwardRoute({ name: allowAnyRoute, cluster, filterState, perFilter: unregisteredRoute }),
  ];
}
