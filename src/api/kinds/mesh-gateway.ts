// istio.banzaicloud.io MeshGateway (istio-operator release-1.4): a gateway of the mesh, for what comes in or what goes
// out. A controller makes its Deployment and its Service.
import { z } from 'zod';
import type { Immutable } from '../immutable.ts';
import type { Kind } from '../kind.ts';
import { metadataSchema } from '../metadata.ts';
import { withMeshGatewayDefaults } from './mesh-gateway-defaults.ts';
import { meshGatewayFields } from './mesh-gateway-fields.ts';
import { validateMeshGateway } from './mesh-gateway-validation.ts';
import { servicePortSchema } from './service.ts';

const status = z.looseObject({
  Status: z.string().exactOptional(),
  GatewayAddress: z.array(z.string()).exactOptional(),
  ErrorMessage: z.string().exactOptional(),
});

const schema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.strictObject({
    type: z.enum(['ingress', 'egress']),
    ports: z.array(servicePortSchema).min(1),
    ...meshGatewayFields,
  }),
  status: status.exactOptional(),
});

export type MeshGateway = Immutable<z.infer<typeof schema>>;
export type MeshGatewaySpec = MeshGateway['spec'];
export type MeshGatewayStatus = Immutable<z.infer<typeof status>>;

export const meshGatewayKind: Kind<MeshGateway> = {
  group: 'istio.banzaicloud.io',
  versions: ['v1beta1'],
  kind: 'MeshGateway',
  plural: 'meshgateways',
  singular: 'meshgateway',
  shortNames: ['mgw'],
  namespaced: true,
  schema,
  validate: validateMeshGateway,
  withDefaults: withMeshGatewayDefaults,
  columns: [
    { title: 'TYPE', value: ({ spec: { type } }) => type },
    { title: 'SERVICE TYPE', value: ({ spec: { serviceType } }) => serviceType ?? '' },
    { title: 'STATUS', value: ({ status }) => status?.Status ?? '' },
    { title: 'INGRESS IPS', value: ({ status }) => formatAddresses(status?.GatewayAddress) },
    { title: 'ERROR', value: ({ status }) => status?.ErrorMessage ?? '' },
  ],
};

/** `[192.0.2.1 192.0.2.2]`, as Go prints a list; empty where there is none. */
export function formatAddresses(addresses: readonly string[] | undefined): string {
  return addresses === undefined || addresses.length === 0 ? '' : `[${addresses.join(' ')}]`;
}
