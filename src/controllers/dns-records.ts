// The names of the mesh itself, as the keeper's DNS answers them: every Kubernetes Service with an address. Names of
// hosts outside are the resolver's, whether registered or not. Looks only at the hosts that changed.
import type { Mesh, MeshDelta } from '../mesh/mesh.ts';
import type { DnsRecord } from '../runtime/protocol.ts';

export interface DnsRecords {
  /** All records, sorted by name; undefined when this change touches none. The first answer is never undefined. */
  update(mesh: Mesh, delta: MeshDelta): readonly DnsRecord[] | undefined;
}

export function createDnsRecords(): DnsRecords {
  const records = new Map<string, DnsRecord>();
  let first = true;
  return {
    update(mesh, { hosts }) {
      let touched = first;
      first = false;
      for (const host of hosts) {
        const record = recordOf(mesh, host);
        if (record === undefined) touched = records.delete(host) || touched;
        else {
          records.set(host, record);
          touched = true;
        }
      }
      return touched ? [...records.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) : undefined;
    },
  };
}

function recordOf(mesh: Mesh, host: string): DnsRecord | undefined {
  const service = mesh.services.get(host).find((claim) => claim.source === 'Service');
  if (service === undefined) return undefined;
  const endpoints = service.endpoints.map((endpoint) => endpoint.address);
  const addresses = service.addresses.length > 0 ? service.addresses : endpoints;
  if (addresses.length === 0) return undefined;
  const visible = service.visibility.public ? {} : { namespaces: [...service.visibility.namespaces] };
  return { name: host, addresses, ...visible };
}
