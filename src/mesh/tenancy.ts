// Which objects of one namespace count for the proxies of another (docs/multi-tenancy.md). Its own objects and those of the
// root namespace always count, and those of a namespace that was granted the host. What is left must take nothing from
// anyone: names of the mesh are their namespace's, other hosts may be named for all, and led elsewhere only where nobody
// would reach them otherwise.
// Istio: whatever is exported counts, the oldest first (ISTIO-SECURITY-2026-002); here: annotation
// `egress.sallyport.dev/cross-namespace: istio` on the Istio object brings that back.
import { isUnder, wildcardsAbove } from '../api/host-name.ts';
import { rootNamespace } from '../api/root-namespace.ts';
import { clusterDomain } from './complete-host.ts';
import type { Mesh } from './mesh.ts';
import type { Service } from './service.ts';
import { isVisible } from './visibility.ts';

/** Whose proxies ask. */
export interface Client {
  readonly namespace: string;
  readonly proxy: 'sidecar' | 'router';
}

/** The part of a mesh that is looked at. */
export type Tenants = Pick<Mesh, 'config' | 'grants' | 'services' | 'virtualServices'>;

/** Of nobody. */
const nobody = '';

/** Whether objects of the namespace may claim the host for everyone. */
export function isEntitled(
  { config, grants }: Pick<Mesh, 'config' | 'grants'>,
  namespace: string,
  host: string,
): boolean {
  if (namespace === rootNamespace || config.crossNamespace === 'istio') return true;
  return grants.get(namespace)?.some((granted) => isUnder(host, granted)) === true;
}

/**
 * The namespace whose name stands in the host, whether it has such a Service or not (`web.shop.svc.cluster.local`,
 * `web.shop.svc`); of `web.shop` only if it has. A name without a dot is another Service for each namespace, and a wildcard
 * over several namespaces is nobody's. Undefined: a host outside.
 */
export function meshNamespaceOf(services: Mesh['services'], host: string): string | undefined {
  if (host === '*') return undefined;
  const labels = host.split('.');
  if (labels.length === 1) return nobody;
  for (const suffix of [`svc.${clusterDomain}`, 'svc']) {
    if (isUnder(suffix, host)) return nobody;
    if (!host.endsWith(`.${suffix}`)) continue;
    const namespace = host
      .slice(0, -suffix.length - 1)
      .split('.')
      .at(-1);
    return namespace === '*' ? nobody : namespace;
  }
  return labels.length === 2 && isShortName(services, host) ? labels[1] : undefined;
}

/** Whether it means a Service of another name, which is to be found under it. */
function isShortName(services: Mesh['services'], host: string): boolean {
  const [name, namespace, suffix, ...more] = host.split('.');
  if (namespace === undefined) return true;
  if (more.length > 0 || (suffix !== undefined && suffix !== 'svc')) return false;
  return services.get(`${name}.${namespace}.svc.${clusterDomain}`).some(isKubernetes);
}

function isKubernetes({ source }: Service): boolean {
  return source === 'Service';
}

/** Why a service that is exported to a namespace does not count there. */
export type Refusal =
  /** It is a name of the mesh: of this namespace, or of nobody. */
  | { readonly reason: 'mesh-name'; readonly namespace: string }
  /** A wildcard of the client's own, or of a namespace that may claim it, is above it. */
  | { readonly reason: 'wildcard'; readonly owner: Service }
  /** It takes connections by their addresses, or sends them to where the caller says. */
  | { readonly reason: 'addresses' }
  /** It sends the host elsewhere, which clients reach without it. */
  | { readonly reason: 'endpoints' };

export function refusalOf(mesh: Tenants, service: Service, client: Client): Refusal | undefined {
  const { namespace, host } = service;
  if (namespace === client.namespace || isEntitled(mesh, namespace, host)) return undefined;
  const named = meshNamespaceOf(mesh.services, host);
  if (named === namespace) return undefined;
  const elsewhere = takesAddresses(service) || leadsElsewhere(service);
  if (named !== undefined && (elsewhere || isShortName(mesh.services, host))) {
    return { reason: 'mesh-name', namespace: named };
  }
  const owner = strongerWildcard(mesh, service, client);
  if (owner !== undefined) return { reason: 'wildcard', owner };
  // A gateway takes no connections by their addresses, and reaches nothing but what rules lead to.
  if (client.proxy === 'router') return undefined;
  if (takesAddresses(service)) return { reason: 'addresses' };
  return leadsElsewhere(service) && !isClosed(mesh) ? { reason: 'endpoints' } : undefined;
}

/** Whether it is another namespace's, which has no say about these clients' connections but by the name. */
export function isForeign(mesh: Pick<Mesh, 'config' | 'grants'>, service: Service, client: Client): boolean {
  const { source, namespace, host } = service;
  return source === 'ServiceEntry' && namespace !== client.namespace && !isEntitled(mesh, namespace, host);
}

/** Nobody reaches what is not registered: who is first takes it from no one. */
export function isClosed({ config }: Pick<Mesh, 'config'>): boolean {
  return config.outboundTrafficPolicy === 'REGISTRY_ONLY';
}

function strongerWildcard(mesh: Tenants, { host, namespace }: Service, client: Client): Service | undefined {
  for (const wildcard of wildcardsAbove(host)) {
    const found = mesh.services.get(wildcard).find((claim) => {
      if (claim.namespace === namespace || !isVisible(claim.visibility, client.namespace)) return false;
      return claim.namespace === client.namespace || isEntitled(mesh, claim.namespace, host);
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

function takesAddresses({ resolution, addresses, autoAllocated }: Service): boolean {
  return resolution === 'NONE' || (addresses.length > 0 && autoAllocated !== true);
}

/** By endpoints that are not the host itself. */
export function leadsElsewhere({ host, endpoints, workloads }: Service): boolean {
  return workloads !== undefined || endpoints.some(({ address }) => address !== host);
}

/** Whether the namespace's services come before those of others under the host. */
export function hasPrecedence(mesh: Tenants, namespace: string, host: string): boolean {
  return meshNamespaceOf(mesh.services, host) === namespace || isEntitled(mesh, namespace, host);
}

/** Hosts whose owners may be others with this grant than with that. */
export function changedGrants(before: readonly string[] = [], after: readonly string[] = []): Iterable<string> {
  return new Set(before).symmetricDifference(new Set(after));
}
