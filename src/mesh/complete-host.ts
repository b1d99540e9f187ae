// The full name of a host that an object names: a name without a dot is a Kubernetes Service of the object's namespace
// (Istio: ResolveShortnameToFQDN).
import { normalizeHost } from '../api/host-name.ts';

export const clusterDomain = 'cluster.local';

/** `*` stays; so does what is no host, which then matches nothing. */
export function completeHost(host: string, namespace: string): string {
  if (host === '*') return host;
  const name = normalizeHost(host) ?? host;
  return name.includes('.') || name.includes(':') ? name : `${name}.${namespace}.svc.${clusterDomain}`;
}
