// networking.istio.io Gateway: the ports that gateway proxies open, and the hosts they answer there.
import type { Kind } from '../kind.ts';
import { type Gateway, gatewaySchema } from './gateway-schema.ts';
import { validateGateway } from './gateway-validation.ts';

export type { Gateway, GatewayServer, GatewaySpec, ServerTlsSettings } from './gateway-schema.ts';

export const gatewayKind: Kind<Gateway> = {
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  kind: 'Gateway',
  plural: 'gateways',
  singular: 'gateway',
  shortNames: ['gw'],
  namespaced: true,
  schema: gatewaySchema,
  validate: validateGateway,
  withDefaults: (gateway) => gateway,
  columns: [],
};
