// Structure of networking.istio.io ServiceEntry, every field of it, and what can be wrong within one field.
// Follows Istio's ServiceEntry (v1); messages are Istio's where it has one.
import { z } from 'zod';
import { isDnsLabel } from '../dns-name.ts';
import { problem } from '../finding.ts';
import type { Immutable } from '../immutable.ts';
import { parseIpRange } from '../ip-range.ts';
import type { Finding } from '../kind.ts';
import { labelMap, metadataSchema } from '../metadata.ts';
import { parseProtocol, protocols } from '../protocol.ts';
import { shorten } from '../schema-messages.ts';
import { checked, portNumber, textList } from '../schema-parts.ts';
import { allocatedAddresses } from './allocated-addresses.ts';
import { serviceEntryExportTarget } from './service-entry-export.ts';
import { checkHost } from './service-entry-hosts.ts';
import { type WorkloadEntrySpec, workloadEntrySpec } from './workload-entry-schema.ts';

const host = checked(z.string(), checkHost);

const address = checked(z.string(), function* (text): Iterable<Finding> {
  if (parseIpRange(text) !== undefined) return;
  const what = text.includes('/') ? 'CIDR block' : 'IP address';
  yield problem(
    'SP0307',
    [],
    `${shorten(text)} is not a valid ${what}`,
    'write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32',
  );
});

const portName = checked(z.string(), function* (name): Iterable<Finding> {
  // Istio's form of a label has upper case too.
  if (isDnsLabel(name.toLowerCase())) return;
  yield problem('SP0314', [], `invalid port name: ${shorten(name)}`, "use letters, digits and '-'");
});

const protocol = checked(z.string(), function* (text): Iterable<Finding> {
  if (parseProtocol(text) !== undefined) return;
  yield problem('SP0315', [], `unsupported protocol: ${shorten(text)}`, `use one of ${protocols.join(', ')}`);
});

const port = z.strictObject({
  number: portNumber,
  name: portName,
  protocol: protocol.exactOptional(),
  targetPort: portNumber.exactOptional(),
});

/** Addresses that the mesh gave to hosts without any of their own; written by a controller. */
const status = z.looseObject({ addresses: allocatedAddresses.exactOptional() });

export const serviceEntrySchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.strictObject({
    hosts: z.array(host).min(1, 'service entry must have at least one host').max(256),
    addresses: z.array(address).max(256).exactOptional(),
    ports: z.array(port).max(256).exactOptional(),
    location: z.enum(['MESH_EXTERNAL', 'MESH_INTERNAL']).exactOptional(),
    resolution: z.enum(['NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS']).exactOptional(),
    endpoints: z.array(workloadEntrySpec).max(4096).exactOptional(),
    workloadSelector: z.strictObject({ labels: labelMap.exactOptional() }).exactOptional(),
    exportTo: z.array(serviceEntryExportTarget).exactOptional(),
    subjectAltNames: textList.exactOptional(),
  }),
  status: status.exactOptional(),
});

export type ServiceEntry = Immutable<z.infer<typeof serviceEntrySchema>>;
export type ServiceEntrySpec = ServiceEntry['spec'];
export type ServiceEntryPort = NonNullable<ServiceEntrySpec['ports']>[number];
/** An endpoint has the shape of a WorkloadEntry's spec. */
export type ServiceEntryEndpoint = WorkloadEntrySpec;
export type Resolution = NonNullable<ServiceEntrySpec['resolution']>;

export const serviceEntryDefaults = {
  location: 'MESH_EXTERNAL',
  resolution: 'NONE',
  exportTo: ['*'],
} as const satisfies Partial<ServiceEntrySpec>;
