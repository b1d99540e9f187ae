// The names of the mesh itself, as the keeper's DNS answers them: every Kubernetes Service with an address. Names of
// hosts outside are the resolver's, whether registered or not.
import type { Mesh } from '../mesh/mesh.ts';
import type { DnsRecord } from '../runtime/protocol.ts';

export function dnsRecordsOf(mesh: Mesh): readonly DnsRecord[] {
  const records: DnsRecord[] = [];
  for (const host of mesh.services.hosts()) {
    const service = mesh.services.get(host).find((claim) => claim.source === 'Service');
    if (service === undefined) continue;
    const addresses =
      service.addresses.length > 0 ? service.addresses : service.endpoints.map((endpoint) => endpoint.address);
    if (addresses.length === 0) continue;
    const visible = service.visibility.public ? {} : { namespaces: [...service.visibility.namespaces] };
    records.push({ name: host, addresses, ...visible });
  }
  return records.sort((a, b) => (a.name < b.name ? -1 : 1));
}
