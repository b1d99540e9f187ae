// Where traffic goes that nobody registered, where the policy lets it out: to the address that its caller connected to, or to
// a Sidecar's egress proxy.
import type { ProxySettings } from '../mesh/proxy-settings.ts';
import { outboundCluster, passthroughCluster } from './names.ts';

export function unregisteredCluster({ egressProxy }: ProxySettings): string {
  if (egressProxy === undefined) return passthroughCluster;
  return outboundCluster(egressProxy.port ?? 0, egressProxy.host, egressProxy.subset);
}
