// Which VirtualService speaks for a host at the sidecars of a namespace (istio-semantics 3.1): that of the most specific
// host; among those of the same host one exported to the namespace by name comes before a public one, then the oldest. Of
// other namespaces only those count that may decide about the host asked for (tenancy.ts).
import { wildcardsAbove } from '../api/host-name.ts';
import type { Mesh } from './mesh.ts';
import { compareOrigin } from './origin.ts';
import { mayRoute } from './ownership.ts';
import type { Client } from './tenancy.ts';
import { meshGateway, type VirtualService } from './virtual-service.ts';
import { isVisible } from './visibility.ts';

/** Istio: VirtualServices of one host are not merged for the mesh; nor here. `isKnown`: to these sidecars. */
export function selectVirtualService(
  mesh: Mesh,
  host: string,
  client: Client,
  isKnown: (virtualService: VirtualService) => boolean = () => true,
): VirtualService | undefined {
  for (const name of [host, ...wildcardsAbove(host)]) {
    const bound = boundTo(mesh.virtualServices.get(name), meshGateway, client.namespace);
    const found = bound.find((one) => isKnown(one) && mayRoute(mesh, one.namespace, host, client));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Of these, the ones that speak for this gateway and that proxies of the namespace may see, in Istio's order. */
export function boundTo(
  virtualServices: readonly VirtualService[],
  gateway: string,
  namespace: string,
): readonly VirtualService[] {
  return virtualServices
    .filter(({ gateways, visibility }) => gateways.includes(gateway) && isVisible(visibility, namespace))
    .sort((a, b) => scopeRank(a, namespace) - scopeRank(b, namespace) || compareOrigin(a, b));
}

function scopeRank({ visibility, namespace: own }: VirtualService, namespace: string): number {
  if (visibility.public) return 2;
  return own === namespace ? 0 : 1;
}
