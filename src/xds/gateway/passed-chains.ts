// Connections that a gateway passes on unread: by the SNI of TLS that does not end here, or as they come
// (istio-semantics 3.1, 5).
import { isUnder } from '../../api/host-name.ts';
import type { NetworkFilter } from '../../envoy/network-filters.ts';
import { rankAtGateway } from '../../mesh/ownership.ts';
import type { ProxySettings } from '../../mesh/proxy-settings.ts';
import { boundTo } from '../../mesh/select-virtual-service.ts';
import type { VirtualService } from '../../mesh/virtual-service.ts';
import { authorizeConnections } from '../authorization/filters.ts';
import { inboundSide } from '../authorization/sides.ts';
import type { Capture } from '../capture.ts';
import { callersFilters } from '../egress-policy/gateway-callers.ts';
import { passedFilters } from '../filter-chains.ts';
import { peerIdentityKey } from '../mutual-tls.ts';
import { buildCallerFilter } from '../traffic-callers.ts';
import { isForAnyAddress, type PassedRoute, tcpRoutes, tlsRoutes } from '../virtual-service/passed-routes.ts';
import { type ClaimedChain, claimedChain, ranked } from './claimed-chains.ts';
import { type GatewayRouting, isIdentifying, routingFor } from './gateway-routes.ts';
import type { PlacedServer } from './merge-servers.ts';
import { openTo, servedHosts } from './server-hosts.ts';

export interface GatewayListenerContext extends GatewayRouting {
  readonly capture: Capture['kind'];
  readonly settings: ProxySettings;
  /** That the gateway's pods listen on, by which policies tell ports apart. */
  readonly bindPort: number;
  /** What proxies of the mesh call from, as ViewParts tells it. */
  readonly proxies: string | undefined;
}

export interface TcpRoute {
  readonly route: PassedRoute;
  /** Under which the VirtualService that has it serves there, with the rank of its namespace's claim. */
  readonly hosts: ReadonlyMap<string, number>;
}

/** Of the oldest VirtualService that has one for this server; of those whose hosts are their own, if there are. */
export function firstTcpRoute(placed: PlacedServer, context: GatewayListenerContext): TcpRoute | undefined {
  const claims = virtualServicesOf(placed, context).map((virtualService) => {
    const served = [...servedHosts(placed.server, virtualService)];
    return { virtualService, hosts: ranked(served, (host) => rankOf(virtualService, host, placed, context)) };
  });
  for (const { virtualService, hosts } of claims.sort((a, b) => bestOf(a.hosts) - bestOf(b.hosts))) {
    const [host] = hosts.keys();
    if (host === undefined) continue;
    const route = tcpRoutes(virtualService, host, routingFor(virtualService, placed, context)).find(isForAnyAddress);
    if (route !== undefined) return { route, hosts };
  }
  return undefined;
}

function bestOf(ranks: ReadonlyMap<string, number>): number {
  return Math.min(...ranks.values(), 2);
}

function rankOf(
  { namespace }: VirtualService,
  host: string,
  placed: PlacedServer,
  { mesh, scope }: GatewayListenerContext,
) {
  return rankAtGateway(mesh, namespace, host, placed, scope);
}

/** One for each TLS rule of the VirtualServices that are bound to the server. */
export function buildPassedChains(placed: PlacedServer, context: GatewayListenerContext): readonly ClaimedChain[] {
  return virtualServicesOf(placed, context).flatMap((virtualService) => {
    const open = openTo(placed.server, virtualService.namespace);
    const [host = ''] = servedHosts(placed.server, virtualService);
    const routes = tlsRoutes(virtualService, host, routingFor(virtualService, placed, context)).filter(isForAnyAddress);
    return routes.flatMap((route) => {
      const names = route.serverNames.filter((name) => open.some((own) => isUnder(name, own)));
      const chain = { name: route.name, filters: passedOn(route, placed, context, names) };
      return claimedChain(chain, names, (name) => rankOf(virtualService, name, placed, context));
    });
  });
}

/**
 * EgressPolicies judge callers before AuthorizationPolicies do, and nothing is connected before all of them have. `serverNames`:
 * that connections show; none: any, or none.
 */
export function passedOn(
  route: PassedRoute,
  placed: PlacedServer,
  context: GatewayListenerContext,
  serverNames: Iterable<string> = [],
): readonly NetworkFilter[] {
  const { server } = placed;
  const { settings, capture, bindPort } = context;
  const judging = context.mutual
    ? callersFilters(context.mesh, context.scope, {
        serverNames: [...serverNames],
        leadsTo: route.leadsTo,
        identified: isIdentifying(placed),
      })
    : [];
  // The listener inside has no certificate of its own to see.
  const peerKey = server.tls?.mode === 'ISTIO_MUTUAL' ? peerIdentityKey : undefined;
  const reads = server.tls === undefined ? 'nothing' : 'server-name';
  const side = inboundSide(settings, { reads, port: bindPort, capture, peerKey });
  const { filters, refusal: refused } = authorizeConnections(side);
  const refusal = refused ?? (judging.length === 0 ? undefined : ({ kind: 'judged', policies: '' } as const));
  const authorization = { filters: [...judging, ...filters], refusal };
  const telling = { destination: askedAt(server.port.number), proxy: 'gateway', peerKey, refusal } as const;
  return passedFilters(route, settings, { authorization, telling });
}

/** Callers ask for the Gateway's port, whatever its pods listen on. */
export function askedAt(port: number): string {
  return `0.0.0.0:${port}`;
}

export function judgingCallers<Chain extends { readonly filters: readonly NetworkFilter[] }>(
  chain: Chain,
  proxies: string | undefined,
): Chain {
  return { ...chain, filters: [buildCallerFilter(proxies), ...chain.filters] };
}

function virtualServicesOf({ gateway }: PlacedServer, { mesh, scope }: GatewayListenerContext) {
  return boundTo(mesh.boundTo.get(gateway), gateway, scope.namespace);
}
