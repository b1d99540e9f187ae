// Which service an extra name or address belongs to in HTTP routing: short names of Kubernetes Services, addresses of
// ServiceEntries. Envoy refuses a route table in which a domain stands twice, so each has one owner (Istio drops the
// later one too): a service of exactly that host, else the oldest that claims it.
import { compareAge, type Service } from '../mesh/service.ts';
import { unregisteredPort } from './unregistered-port.ts';

export interface DomainClaims {
  /** Takes `before`'s claims away and adds `after`'s; answers the hosts whose own domains may differ now. */
  change(host: string, before: Service | undefined, after: Service | undefined, named: Named): ReadonlySet<string>;
  /** The extra domains this service owns on a port of its own, sorted. */
  owned(service: Service, port: number): readonly string[];
}

/**
 * Where the host has routes without a service: on the port of unregistered hosts, if a VirtualService speaks for it; on every
 * port, if EgressPolicies govern it.
 */
export type Named = 'nowhere' | 'unregistered' | 'everywhere';

/** One owner for each domain on each port: where a program names both, another port is another server. */
export function createPortDomainClaims(namespace: string): DomainClaims {
  const ports = new Map<number, DomainClaims>();
  const everywhere = new Set<string>();

  function claimsOn(number: number): DomainClaims {
    const known = ports.get(number);
    if (known !== undefined) return known;
    const claims = createDomainClaims(namespace);
    for (const host of everywhere) claims.change(host, undefined, undefined, 'everywhere');
    ports.set(number, claims);
    return claims;
  }

  return {
    change(host, before, after, named) {
      const affected = new Set<string>([host]);
      const others = everywhere.has(host) || named === 'everywhere' ? ports.keys() : [];
      for (const number of new Set([...portsOf(before), ...portsOf(after), unregisteredPort.number, ...others])) {
        const [old, next] = [before, after].map((service) => (portsOf(service).has(number) ? service : undefined));
        const here = named === 'unregistered' && number !== unregisteredPort.number ? 'nowhere' : named;
        for (const other of claimsOn(number).change(host, old, next, here)) affected.add(other);
      }
      if (named === 'everywhere') everywhere.add(host);
      else everywhere.delete(host);
      return affected;
    },
    owned: (service, port) => ports.get(port)?.owned(service, port) ?? [],
  };
}

function portsOf(service: Service | undefined): Set<number> {
  return new Set(service?.ports.map(({ number }) => number));
}

/** As seen from `namespace`: only there do a service's local aliases mean it. One owner for all ports. */
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
    change(host, before, after, named) {
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
      if (after === undefined && named === 'nowhere') hosts.delete(host);
      else hosts.add(host);
      if (after !== undefined) {
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
