// The names of the mesh itself, as the keeper's DNS answers them: Kubernetes Services, and for programs the hosts whose
// address only their sidecar knows. Every other name is the resolver's, whether registered or not. A name is answered as the
// asking namespace's sidecars would take it. Looks only at the hosts that changed.
import { isIPv4 } from 'node:net';
import { wildcardsAbove } from '../api/host-name.ts';
import type { Mesh, MeshDelta } from '../mesh/mesh.ts';
import { selectService } from '../mesh/select-service.ts';
import type { Service } from '../mesh/service.ts';
import type { DnsRecord } from '../runtime/protocol.ts';

export interface DnsRecords {
  /** All records, sorted by name; undefined when this change touches none. The first answer is never undefined. */
  update(mesh: Mesh, delta: MeshDelta): readonly DnsRecord[] | undefined;
}

export function createDnsRecords(): DnsRecords {
  const records = new Map<string, readonly DnsRecord[]>();
  let first = true;
  return {
    update(mesh, { hosts }) {
      let touched = first;
      first = false;
      for (const host of hosts) {
        const found = recordsOf(mesh, host);
        if (found.length === 0) touched = records.delete(host) || touched;
        else {
          records.set(host, found);
          touched = true;
        }
      }
      if (!touched) return undefined;
      return [...records].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, some]) => some);
    },
  };
}

/** What a name is to a namespace; undefined: what it is outside. */
type Meaning = Omit<DnsRecord, 'name' | 'namespaces'> | undefined;

/** Nobody's: it sees what everyone sees. */
const anyNamespace = '';

/** One record for all, and one for each group of namespaces to which the name is something else. */
function recordsOf(mesh: Mesh, host: string): readonly DnsRecord[] {
  const claims = mesh.services.get(host);
  const meaningIn = (namespace: string) => meaningOf(selectService(mesh, host, { namespace, proxy: 'sidecar' }));
  const common = meaningIn(anyNamespace);
  const special = new Map<string, { readonly meaning: Meaning; readonly namespaces: string[] }>();
  const above = wildcardsAbove(host).flatMap((wildcard) => mesh.services.get(wildcard));
  for (const namespace of namespacesOf([...claims, ...above])) {
    const meaning = meaningIn(namespace);
    const text = JSON.stringify(meaning);
    if (text === JSON.stringify(common)) continue;
    const group = special.get(text) ?? { meaning, namespaces: [] };
    group.namespaces.push(namespace);
    special.set(text, group);
  }
  return [
    ...(common === undefined ? [] : [{ name: host, ...common }]),
    ...[...special.values()].map(({ meaning, namespaces }) => ({
      name: host,
      ...(meaning ?? { addresses: [] }),
      namespaces,
    })),
  ];
}

/** Those that may see something of their own. */
function namespacesOf(claims: readonly Service[]): readonly string[] {
  const named = claims.flatMap(({ namespace, visibility }) => [
    namespace,
    ...(visibility.public ? [] : visibility.namespaces),
  ]);
  return [...new Set(named)].sort();
}

function meaningOf(service: Service | undefined): Meaning {
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
