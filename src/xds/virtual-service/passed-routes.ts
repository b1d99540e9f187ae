// The TLS and TCP rules of a VirtualService: connections that are passed on unread, by SNI or as they come
// (istio-semantics 3.1).
import { isUnder } from '../../api/host-name.ts';
import { isTls } from '../../api/protocol.ts';
import type { WeightedCluster } from '../../envoy/network-filters.ts';
import type { Service, ServicePort } from '../../mesh/service.ts';
import { emptyTrafficPolicy } from '../../mesh/traffic-policy.ts';
import type { TcpRule, TlsRule, VirtualService } from '../../mesh/virtual-service.ts';
import { type ConnectionSettings, connectionSettingsOf } from '../connection-settings.ts';
import { blackHoleCluster, virtualServiceRoute } from '../names.ts';
import { type FoundDestination, findDestination, isFor, type Routing, resolvesAny, weighted } from './routing.ts';

export interface PassedRoute {
  /** EgressPolicies would not let these proxies connect to the host. */
  readonly reported?: boolean;
  /** They do not: it leads nowhere. */
  readonly denied?: boolean;
  /** That callers asked for. */
  readonly port: number;
  /** Of its filter chain, and what logs and counters tell of it. */
  readonly name: string;
  /** Empty: any, or none. */
  readonly serverNames: readonly string[];
  /** Where the caller must have connected to; empty: anywhere. */
  readonly subnets: readonly string[];
  readonly clusters: readonly WeightedCluster[];
  /** Hosts of its destinations. */
  readonly leadsTo: readonly string[];
  /** What the destination asks of its connections. Istio: of several the first one speaks, without its subset. */
  readonly settings: ConnectionSettings;
  /** The one destination is a wildcard host: which of those below it, the SNI says. */
  readonly forwarded: { readonly service: Service; readonly port: ServicePort } | undefined;
  /** Wherever it leads TLS is expected, and no proxy puts it around: nothing else than TLS has a meaning there. */
  readonly expectsTls: boolean;
}

/** In the order of the rules: one for each, and one more for each group of subnets that it names. */
export function tlsRoutes(virtualService: VirtualService, host: string, routing: Routing): readonly PassedRoute[] {
  return virtualService.tls.flatMap((rule, index) => {
    const matches = rule.matches.filter((match) => isFor(match, routing));
    if (matches.length === 0) return [];
    // Of all its matches, since they share a chain.
    const built = route(virtualService, rule, index, { host, serverNames: namesOf(matches), routing });
    const groups = Map.groupBy(matches, ({ destinationSubnets }) => [...destinationSubnets].sort().join(' '));
    return [...groups.values()].map((group) => {
      return { ...built, serverNames: namesOf(group), subnets: group[0]?.destinationSubnets ?? [] };
    });
  });
}

function namesOf(matches: TlsRule['matches']): readonly string[] {
  return [...new Set(matches.flatMap(({ sniHosts }) => sniHosts))];
}

/** Those for some subnets, up to the first that is for all; as in Istio, what comes after it is never reached. */
export function tcpRoutes(virtualService: VirtualService, host: string, routing: Routing): readonly PassedRoute[] {
  const routes: PassedRoute[] = [];
  for (const [index, rule] of virtualService.tcp.entries()) {
    const matches = rule.matches.filter((match) => isFor(match, routing));
    if (rule.matches.length > 0 && matches.length === 0) continue;
    const built = route(virtualService, rule, index, { host, serverNames: [], routing });
    const isForAll = matches.some(({ destinationSubnets }) => destinationSubnets.length === 0);
    if (isForAll || matches.length === 0) return [...routes, built];
    routes.push({ ...built, subnets: [...new Set(matches.flatMap(({ destinationSubnets }) => destinationSubnets))] });
  }
  return routes;
}

/** In place of the route for these names. */
export function deniedRoute(route: PassedRoute, serverNames: readonly string[]): PassedRoute {
  const clusters = [{ cluster: blackHoleCluster, weight: 1 }];
  return { ...route, name: `denied ${route.name}`, serverNames, clusters, forwarded: undefined, denied: true };
}

/** Gateways, and proxies that are asked for a name, cannot tell where the caller would have connected to. */
export function isForAnyAddress({ subnets }: PassedRoute): boolean {
  return subnets.length === 0;
}

interface RoutePlace {
  readonly host: string;
  readonly serverNames: readonly string[];
  readonly routing: Routing;
}

function route(
  virtualService: VirtualService,
  { destinations }: TlsRule | TcpRule,
  index: number,
  { host, serverNames, routing }: RoutePlace,
): PassedRoute {
  const found = weighted(destinations).map(({ destination, weight }) => ({
    ...findDestination(destination, routing),
    host: destination.host,
    // A single one needs no weight, and Envoy takes none of 0.
    weight: destinations.length === 1 ? 1 : weight,
  }));
  const name = virtualServiceRoute({ host, port: routing.port, virtualService, rule: String(index) });
  const forwarded = found.length === 1 ? forwardedBy(found[0], serverNames) : undefined;
  // A wildcard host's cluster resolves by itself whatever SNI comes, and nothing would judge the address.
  const clusters = found.map(({ cluster, service, weight }) => {
    return { cluster: resolvesAny(service) && forwarded === undefined ? blackHoleCluster : cluster, weight };
  });
  const [first] = found;
  const policy = found.length === 1 ? first?.policy : first?.hostPolicy;
  const settings = connectionSettingsOf(policy ?? emptyTrafficPolicy);
  const expectsTls = found.every(receivesTls);
  const leadsTo = found.map((one) => one.host);
  const built = {
    name,
    port: routing.port,
    serverNames,
    subnets: [],
    clusters,
    leadsTo,
    settings,
    forwarded,
    expectsTls,
  };
  // Of names below a wildcard each is judged by itself.
  if (forwarded !== undefined) return built;
  const withheld = new Set(found.map((one) => routing.withheld(one.host, one.port)));
  if (withheld.has('denied')) return deniedRoute(built, serverNames);
  return withheld.has('reported') ? { ...built, reported: true } : built;
}

function receivesTls({ service, port, policy }: FoundDestination): boolean {
  const protocol = service?.ports.find(({ number }) => number === port)?.protocol;
  return protocol !== undefined && isTls(protocol) && (policy.tls === undefined || policy.tls.mode === 'DISABLE');
}

/** Names that do not lie below the wildcard are not resolved on its account. */
function forwardedBy(found: FoundDestination | undefined, serverNames: readonly string[]): PassedRoute['forwarded'] {
  const { service } = found ?? {};
  const port = service?.ports.find(({ number }) => number === found?.port);
  if (service === undefined || !resolvesAny(service) || port === undefined) return undefined;
  const below = serverNames.length > 0 && serverNames.every((name) => isUnder(name, service.host));
  return below ? { service, port } : undefined;
}
