// How a workload is called in certificates, policies and decisions: Istio's SPIFFE identity (pkg/spiffe/spiffe.go).

export const defaultTrustDomain = 'cluster.local';

export interface Principal {
  readonly trustDomain: string;
  readonly namespace: string;
  /** `default` where a pod names none. */
  readonly serviceAccount: string;
}

/** What all identities of a trust domain begin with. */
export function spiffePrefix(trustDomain: string): string {
  return `spiffe://${trustDomain}/`;
}

/** `spiffe://cluster.local/ns/shop/sa/web` */
export function spiffeIdentity({ trustDomain, namespace, serviceAccount }: Principal): string {
  return `${spiffePrefix(trustDomain)}ns/${namespace}/sa/${serviceAccount}`;
}

/** In whichever trust domain: a mesh may change its own while proxies still have certificates of the old one. */
export function isIdentityOf(uri: string, { namespace, serviceAccount }: Omit<Principal, 'trustDomain'>): boolean {
  const [, trustDomain] = /^spiffe:\/\/([^/]+)\//.exec(uri) ?? [];
  return trustDomain !== undefined && uri === spiffeIdentity({ trustDomain, namespace, serviceAccount });
}
