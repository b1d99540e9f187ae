// What the mesh's DNS answers for a name, as the sidecars of a namespace would take it: Kubernetes Services, and for programs the
// hosts whose address only their sidecar knows.
import { isIPv4 } from 'node:net';
import { wildcardsAbove } from '../api/host-name.ts';
import { selectService } from './select-service.ts';
import type { Service } from './service.ts';
import type { Tenants } from './tenancy.ts';

export interface NameAnswer {
  readonly addresses: readonly string[];
  /** To programs alone; their proxies are told what it is outside. */
  readonly forPrograms?: boolean;
  /** Only where nobody outside knows the name. */
  readonly unlessKnown?: boolean;
  readonly aliasOf?: string;
}

/** Undefined: what it is outside. */
export function nameAnswer(mesh: Tenants, host: string, namespace: string): NameAnswer | undefined {
  return answerOf(selectService(mesh, host, { namespace, proxy: 'sidecar' }));
}

/** Search domains of programs, in the order in which they are tried; the name itself comes last. */
export function searchedNames(host: string, namespace: string): readonly string[] {
  const domains = [`${namespace}.svc.cluster.local`, 'svc.cluster.local', 'cluster.local'];
  return [...domains.map((domain) => `${host}.${domain}`), host];
}

/** The address that a program is told; undefined: one that the mesh does not know. */
export function addressOfName(mesh: Tenants, host: string, namespace: string): string | undefined {
  for (const name of searchedNames(host, namespace)) {
    for (const known of [name, ...wildcardsAbove(name)]) {
      const answer = nameAnswer(mesh, known, namespace);
      if (answer === undefined) continue;
      const { addresses, aliasOf } = answer;
      // An alias of an alias is the resolver's business.
      return aliasOf === undefined
        ? addresses.find(isIPv4)
        : nameAnswer(mesh, aliasOf, namespace)?.addresses.find(isIPv4);
    }
  }
  return undefined;
}

function answerOf(service: Service | undefined): NameAnswer | undefined {
  if (service === undefined) return undefined;
  const single = service.addresses.filter((address) => !address.includes('/'));
  if (service.autoAllocated === true || service.source === 'ServiceEntry') {
    // Programs have no IPv6.
    if (!single.some(isIPv4)) return undefined;
    // Istio: always the entry's addresses; here: where those are places outside, DNS knows better which is whose.
    const unlessKnown = service.resolution === 'NONE' ? { unlessKnown: true } : {};
    return { addresses: single, forPrograms: true, ...unlessKnown };
  }
  if (service.externalName !== undefined) return { addresses: [], aliasOf: service.externalName };
  const endpoints = service.endpoints.map((endpoint) => endpoint.address);
  const addresses = single.length > 0 ? single : endpoints;
  return addresses.length === 0 ? undefined : { addresses };
}
