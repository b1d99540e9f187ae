// core/v1 Endpoints: the addresses behind the Service of the same name, where that Service selects no pods.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import type { Kind } from '../kind.ts';
import { metadataSchema } from '../metadata.ts';
import { passedFields, portNumber } from '../schema-parts.ts';
import { givenAddress } from './given-address.ts';

const address = z.strictObject({ ip: givenAddress, ...passedFields(['hostname', 'nodeName', 'targetRef']) });

export const endpointPort = z.strictObject({
  name: z.string().exactOptional(),
  port: portNumber,
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).exactOptional(),
  appProtocol: z.string().exactOptional(),
});

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  subsets: z
    .array(
      z.strictObject({
        addresses: z.array(address).exactOptional(),
        notReadyAddresses: z.array(address).exactOptional(),
        ports: z.array(endpointPort).exactOptional(),
      }),
    )
    .exactOptional(),
});

export type Endpoints = Immutable<z.infer<typeof schema>>;

export const endpointsKind: Kind<Endpoints> = {
  group: '',
  versions: ['v1'],
  kind: 'Endpoints',
  plural: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  schema,
  validate: () => [],
  withDefaults: (endpoints) => endpoints,
  columns: [{ title: 'ENDPOINTS', value: addressList }],
};

/** kubectl's form: the first three, and how many there are beyond. */
function addressList({ subsets = [] }: Endpoints): string {
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    addresses.flatMap(({ ip }) => (ports.length === 0 ? [ip] : ports.map(({ port }) => `${ip}:${port}`))),
  );
  if (all.length === 0) return '<none>';
  const shown = all.slice(0, 3).join(',');
  return all.length > 3 ? `${shown} + ${all.length - 3} more...` : shown;
}
