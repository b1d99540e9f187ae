// Which service an extra name or address belongs to in HTTP routing: short names of Kubernetes Services, addresses of
// ServiceEntries. Envoy refuses a route table in which a domain stands twice, so each has one owner (Istio drops the
// later one too): a service of exactly that host, else the oldest that claims it.
import { compareAge, type Service } from '../mesh/service.ts';

export interface DomainClaims {
  /** Takes `before`'s claims away and adds `after`'s; answers the hosts whose own domains may differ now. */
  change(host: string, before: Service | undefined, after: Service | undefined): ReadonlySet<string>;
  /** The extra domains this service owns, sorted. */
  owned(service: Service): readonly string[];
}

/** As seen from `namespace`: only there do a service's local aliases mean it. */
export function createDomainClaims(namespace: string): DomainClaims {
  const claims = new Map<string, Map<string, Service>>();
  const hosts = new Set<string>();

  function extraDomains(service: Service | undefined): readonly string[] {
    if (service === undefined) return [];
    const addresses = service.addresses.filter((address) => !address.includes('/'));
    const local = service.namespace === namespace ? service.localAliases : [];
    return [...new Set([...local, ...service.aliases, ...addresses])].filter((domain) => domain !== service.host);
  }

  function owner(domain: string): Service | undefined {
    if (hosts.has(domain)) return undefined;
    return [...(claims.get(domain)?.values() ?? [])].sort(compareAge)[0];
  }

  return {
    change(host, before, after) {
      const affected = new Set<string>([host]);
      const domains = new Set([host, ...extraDomains(before), ...extraDomains(after)]);
      for (const domain of domains) {
        for (const claimant of claims.get(domain)?.keys() ?? []) affected.add(claimant);
      }
      for (const domain of extraDomains(before)) {
        const claimants = claims.get(domain);
        claimants?.delete(host);
        if (claimants?.size === 0) claims.delete(domain);
      }
      if (after === undefined) hosts.delete(host);
      else {
        hosts.add(host);
        for (const domain of extraDomains(after)) {
          const claimants = claims.get(domain) ?? new Map<string, Service>();
          claims.set(domain, claimants.set(host, after));
        }
      }
      return affected;
    },
    owned(service) {
      return extraDomains(service)
        .filter((domain) => owner(domain) === service)
        .sort();
    },
  };
}
