// Whose host it is, as the proxies of a namespace see it, and with it whose VirtualServices decide where it leads
// (docs/multi-tenancy.md).
import { isUnder, isWildcardHost, wildcardsAbove } from '../api/host-name.ts';
import { rootNamespace } from '../api/root-namespace.ts';
import type { GatewayServer } from './gateway.ts';
import { compareOrigin } from './origin.ts';
import { selectService } from './select-service.ts';
import type { Service } from './service.ts';
import { type Client, isClosed, isEntitled, leadsElsewhere, meshNamespaceOf, type Tenants } from './tenancy.ts';
import type { Destination, HttpRule, VirtualService } from './virtual-service.ts';

/** The service that these clients get under the name, or by a wildcard above it. */
export function serviceFor(mesh: Tenants, host: string, client: Client): Service | undefined {
  for (const name of [host, ...wildcardsAbove(host)]) {
    const found = selectService(mesh, name, client);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Empty: a name of the mesh that is no single namespace's; undefined: a host that nobody registered. */
export function ownerOf(mesh: Tenants, host: string, client: Client): string | undefined {
  return meshNamespaceOf(mesh.services, host) ?? serviceFor(mesh, host, client)?.namespace;
}

/** Whether rules of the namespace decide where these sidecars' traffic for the host goes. */
export function mayRoute(mesh: Tenants, namespace: string, host: string, client: Client): boolean {
  if (namespace === client.namespace || isEntitled(mesh, namespace, host)) return true;
  const named = meshNamespaceOf(mesh.services, host);
  if (named !== undefined) return named === namespace;
  if (serviceFor(mesh, host, client)?.namespace !== namespace) return false;
  return isClosed(mesh) || !leadsAway(mesh, namespace, host);
}

/**
 * Whether rules of the namespace, at sidecars or gateways, lead from the host to another, or give it another name; but for
 * services of the root namespace, which are its gateways. Behind these the rules for names below a wildcard come first.
 */
function leadsAway(mesh: Tenants, namespace: string, host: string): boolean {
  const isLed = (name: string, from: string) =>
    mesh.virtualServices.get(name).some((rules) => rules.namespace === namespace && leaves(mesh, rules, from));
  if ([host, ...wildcardsAbove(host), '*'].some((name) => isLed(name, host))) return true;
  return (
    isWildcardHost(host) && [...mesh.virtualServices.hosts()].some((name) => isUnder(name, host) && isLed(name, name))
  );
}

function leaves(mesh: Tenants, { namespace, http, tls, tcp }: VirtualService, host: string): boolean {
  const isAway = ({ destination: { host: to } }: { readonly destination: Destination }) =>
    to === host ? hasElsewhere(mesh, namespace, host) : meshNamespaceOf(mesh.services, to) !== rootNamespace;
  return (
    http.some((rule) => answersItself(rule) || renames(rule, host) || sentTo(rule).some(isAway)) ||
    [...tls, ...tcp].some(({ destinations }) => destinations.some(isAway))
  );
}

/** Also by an entry that the sidecars do not see: their gateway may. */
function hasElsewhere({ services }: Tenants, namespace: string, host: string): boolean {
  return services.get(host).some((service) => service.namespace === namespace && leadsElsewhere(service));
}

/** Servers that many hosts share go by the name. */
function renames({ rewrite, headers, action }: HttpRule, host: string): boolean {
  const edits = action.kind === 'route' ? [headers, ...action.destinations.map((to) => to.headers)] : [headers];
  return [rewrite?.authority, ...edits.map(({ request }) => request.authority)].some(
    (authority) => authority !== undefined && authority !== host,
  );
}

function answersItself({ action }: HttpRule): boolean {
  return action.kind === 'response' || (action.kind === 'redirect' && action.redirect.authority !== undefined);
}

function sentTo({ action, mirrors }: HttpRule) {
  return [...(action.kind === 'route' ? action.destinations : []), ...mirrors];
}

/** A server with the Gateway that it stands in, as VirtualServices name that. */
export interface Server {
  readonly gateway: string;
  readonly server: GatewayServer;
}

/**
 * Whether rules of the namespace that are bound to the Gateway count for the host there: 0 if the host is its own or granted
 * to it; 1 if the Gateway's author lets it, or nobody registered the host; undefined: not.
 */
export function rankAtGateway(
  mesh: Tenants,
  namespace: string,
  host: string,
  { gateway, server }: Server,
  client: Client,
): 0 | 1 | undefined {
  if (namespace === client.namespace || isEntitled(mesh, namespace, host)) return 0;
  const owner = ownerOf(mesh, host, client);
  if (owner === namespace) return 0;
  const isNamed = server.hosts.some((open) => open.namespace === namespace && isUnder(host, open.host));
  return owner === undefined || isNamed || gateway.startsWith(`${namespace}/`) ? 1 : undefined;
}

/** Of those with a rank, the ones that count together: rules of several namespaces are not mixed for one host. */
export function ofOneNamespace<T extends { readonly rank: number; readonly virtualService: VirtualService }>(
  { config }: Pick<Tenants, 'config'>,
  claims: readonly T[],
): readonly T[] {
  if (config.crossNamespace === 'istio') return claims;
  const [first] = claims.toSorted((a, b) => a.rank - b.rank || compareOrigin(a.virtualService, b.virtualService));
  return claims.filter(({ virtualService }) => virtualService.namespace === first?.virtualService.namespace);
}

/** Whether a host means one service to the namespace's rules, and to the gateway that follows them another's, elsewhere. */
export function isMistaken(mesh: Tenants, namespace: string, found: Service | undefined): boolean {
  if (found === undefined || found.namespace === namespace || isEntitled(mesh, found.namespace, found.host))
    return false;
  if (!leadsElsewhere(found) || meshNamespaceOf(mesh.services, found.host) === found.namespace) return false;
  return mesh.services.get(found.host).some((claim) => claim.namespace === namespace);
}
