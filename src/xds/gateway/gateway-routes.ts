// HTTP routing at a gateway: one RouteConfiguration for all plain servers of a port, one for each server that ends TLS, and
// in them a virtual host for each host that some VirtualService serves there (istio-semantics 3.1, 5). Unlike in the mesh,
// VirtualServices of one host are put together, with rules that take everything last.

import { equals } from '@bufbuild/protobuf';
import { isUnder, wildcardsAbove } from '../../api/host-name.ts';
import { typeUrls } from '../../discovery/view.ts';
import { type Route, RouteSchema } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { RouteConfigurationSchema } from '../../envoy/gen/envoy/config/route/v3/route_pb.js';
import { buildRouteConfiguration, buildVirtualHost } from '../../envoy/route.ts';
import { hasMirrors } from '../../envoy/route-mirror.ts';
import type { GatewayServer } from '../../mesh/gateway.ts';
import type { Mesh } from '../../mesh/mesh.ts';
import { isMistaken, ofOneNamespace, rankAtGateway } from '../../mesh/ownership.ts';
import { boundTo } from '../../mesh/select-virtual-service.ts';
import { type VirtualService, virtualServiceOrigins } from '../../mesh/virtual-service.ts';
import { judgeCallers } from '../egress-policy/gateway-callers.ts';
import { judgedRequests } from '../egress-policy/judgement.ts';
import { virtualHostName } from '../names.ts';
import type { ProxyScope } from '../proxy-scope.ts';
import { type TypedResource, typedResource } from '../resource.ts';
import { virtualHostResource } from '../virtual-host-resource.ts';
import { type AskedHost, buildHttpRoutes } from '../virtual-service/http-routes.ts';
import type { Routing } from '../virtual-service/routing.ts';
import type { MergedPort, PlacedServer } from './merge-servers.ts';
import { commonHost, servedHosts } from './server-hosts.ts';

/** What one RouteConfiguration is for. */
export interface GatewayRouteSet {
  readonly name: string;
  readonly servers: readonly PlacedServer[];
}

export interface GatewayRouting {
  readonly mesh: Mesh;
  readonly scope: ProxyScope;
  readonly service: Routing['service'];
  readonly rule: Routing['rule'];
  /** Whether proxies have certificates to be known by (redirect capture). */
  readonly mutual: boolean;
}

/** Those of plain HTTP first. */
export function routeSetsOf({ http, tls }: MergedPort): readonly GatewayRouteSet[] {
  const [first] = http;
  const plain = first === undefined ? [] : [{ name: httpRouteName(first), servers: http }];
  return [...plain, ...tls.filter(endsHttps).map((placed) => ({ name: httpsRouteName(placed), servers: [placed] }))];
}

export function httpRouteName({ server }: PlacedServer): string {
  return `http.${server.port.number}${boundSuffix(server)}`;
}

export function httpsRouteName({ gateway, server }: PlacedServer): string {
  const [namespace, name] = gateway.split('/');
  return `https.${server.port.number}.${server.port.name}.${name}.${namespace}${boundSuffix(server)}`;
}

/** Of a server that listens on an address of its own. */
function boundSuffix({ bind }: GatewayServer): string {
  return bind === undefined ? '' : `.${bind}`;
}

const endingModes: ReadonlySet<string> = new Set(['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL', 'ISTIO_MUTUAL']);

/** HTTP is read behind TLS that ends here. */
export function endsHttps({ server: { port, tls } }: PlacedServer): boolean {
  return port.protocol === 'HTTPS' && tls !== undefined && endingModes.has(tls.mode);
}

/** Hosts under which something is served, `*` among them. */
export function hostsOf({ servers }: GatewayRouteSet, { mesh, scope }: GatewayRouting): ReadonlySet<string> {
  const hosts = new Set<string>();
  for (const { gateway, server } of servers) {
    for (const virtualService of boundTo(mesh.boundTo.get(gateway), gateway, scope.namespace)) {
      for (const host of servedHosts(server, virtualService)) hosts.add(host);
    }
    if (server.httpsRedirect) for (const { host } of server.hosts) hosts.add(host);
  }
  const wildcards = [...hosts].filter((host) => host.startsWith('*'));
  const governed = wildcards.length === 0 ? [] : mesh.egressPolicies.hosts();
  for (const host of governed) if (wildcards.some((wildcard) => isUnder(host, wildcard))) hosts.add(host);
  return hosts;
}

/** Of those, the ones that rules for `changed` are served under. */
export function hostsFor({ servers }: GatewayRouteSet, changed: string): ReadonlySet<string> {
  const common = servers.flatMap(({ server }) => server.hosts.map(({ host }) => commonHost(changed, host)));
  return new Set(common.filter((host) => host !== undefined));
}

/** With what is served under `*`; without such rules every host that has none of its own gets 404. */
export function buildRoutes(set: GatewayRouteSet, routing: GatewayRouting): TypedResource {
  const { routes, origins, redirects } = routesUnder(set, '*', routing);
  const port = set.servers[0]?.server.port.number;
  const name = routes.length === 0 ? `blackhole:${port}` : `*:${port}`;
  const message = buildRouteConfiguration({
    name: set.name,
    virtualHosts: [buildVirtualHost(name, ['*'], routes, { requiresTls: redirects })],
    keepsForwarded: true,
  });
  const owners = [...set.servers.map(({ origin }) => origin), ...origins];
  const { type, resource } = typedResource(typeUrls.route, RouteConfigurationSchema, set.name, message, owners);
  return { type, resource: { ...resource, vhds: true }, mirrors: routes.some(hasMirrors) };
}

/** Empty if nothing is served under this host. */
export function buildGatewayVirtualHost(
  set: GatewayRouteSet,
  host: string,
  routing: GatewayRouting,
): readonly TypedResource[] {
  if (host === '*') return [];
  const judgement = judgeAt(set.servers, routing)(host);
  const own = routesUnder(set, host, routing);
  const serves = ({ routes, redirects }: ReturnType<typeof routesUnder>) => routes.length > 0 || redirects;
  // A governed host is judged by its own name where a wildcard above it is served.
  const isNamed = judgement !== undefined && routing.mesh.egressPolicies.get(host).length > 0;
  const above = isNamed && !serves(own) ? [...wildcardsAbove(host), '*'] : [];
  const asked = { host, judgement };
  const found = [own, ...above.map((wildcard) => routesUnder(set, wildcard, routing, asked))].find(serves);
  if (found === undefined) return [];
  const { routes, origins, redirects } = found;
  const name = virtualHostName(set.name, host);
  const perFilter = judgedRequests(judgement);
  const message = buildVirtualHost(name, [host], routes, { requiresTls: redirects, perFilter });
  return [virtualHostResource(message, origins)];
}

/** For the rules of one VirtualService. */
export function routingFor(
  { namespace }: VirtualService,
  { gateway, server }: PlacedServer,
  routing: GatewayRouting,
): Routing {
  const { mesh, scope, service, rule } = routing;
  return {
    scope,
    gateway,
    port: server.port.number,
    service,
    rule,
    judge: judgeAt([{ server }], routing),
    withheld: () => undefined,
    withholds: (host) => isMistaken(mesh, namespace, service(host)),
  };
}

/** A certificate that a server asks for by roots of its own proves nobody. */
export function isIdentifying({ server }: Pick<PlacedServer, 'server'>): boolean {
  return server.tls?.mode === 'ISTIO_MUTUAL';
}

/** Of callers of these servers; nobody is told from others where proxies have no certificates. */
function judgeAt(servers: readonly Pick<PlacedServer, 'server'>[], { mesh, scope, mutual }: GatewayRouting) {
  const identified = servers.every(isIdentifying);
  return (host: string) => (mutual ? judgeCallers(mesh, scope, host, identified) : undefined);
}

/** `asked`: a host below, if not the host itself. */
function routesUnder({ servers }: GatewayRouteSet, host: string, routing: GatewayRouting, asked?: AskedHost) {
  const { mesh, scope } = routing;
  const routes: Route[] = [];
  const origins = new Set<string>();
  const served = new Set<VirtualService>();
  let redirects = false;
  const candidates = new Set([host, ...wildcardsAbove(host), '*'].flatMap((name) => mesh.virtualServices.get(name)));
  for (const { origin, server } of servers) {
    const asksForTls = server.httpsRedirect && server.hosts.some((own) => own.host === host);
    if (asksForTls) origins.add(origin);
    redirects ||= asksForTls;
  }
  const claims = servers.flatMap((placed) =>
    boundTo([...candidates], placed.gateway, scope.namespace).flatMap((virtualService) => {
      if (!servedHosts(placed.server, virtualService).has(host)) return [];
      const rank = rankAtGateway(mesh, virtualService.namespace, host, placed, scope);
      return rank === undefined ? [] : [{ placed, virtualService, rank }];
    }),
  );
  for (const { placed, virtualService } of ofOneNamespace(mesh, claims)) {
    for (const origin of virtualServiceOrigins(virtualService)) origins.add(origin);
    const built = buildHttpRoutes(virtualService, host, routingFor(virtualService, placed, routing), asked);
    // Another server that it is bound to: its rules may ask for the gateway, and the same route would never be reached.
    routes.push(...(served.has(virtualService) ? built.filter((route) => !isAmong(route, routes)) : built));
    served.add(virtualService);
  }
  return { routes: everythingLast(routes), origins: [...origins], redirects };
}

function isAmong(route: Route, routes: readonly Route[]): boolean {
  return routes.some((other) => equals(RouteSchema, route, other));
}

function everythingLast(routes: readonly Route[]): readonly Route[] {
  return [...routes.filter((route) => !takesEverything(route)), ...routes.filter(takesEverything)];
}

function takesEverything({ match }: Route): boolean {
  if (match === undefined || match.headers.length + match.queryParameters.length > 0) return false;
  const { case: kind, value } = match.pathSpecifier;
  return kind === 'safeRegex' ? value.regex === '.*' : kind === 'prefix' && value === '/';
}
