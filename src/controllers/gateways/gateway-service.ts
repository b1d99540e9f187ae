// The Service of a MeshGateway: the address under which it is reached, and which port of it leads to which of the proxy.
// Istio: with meshExpansion the ingress gateway has four ports more, for its own control plane; here: nothing is behind them.
import type { Service } from '../../api/kinds/service.ts';
import { childMetadata, type GatewayContext, gatewaySelector } from './gateway.ts';
import { servicePorts } from './gateway-ports.ts';

export function buildService(context: GatewayContext): Service {
  const { gateway, lowestPort } = context;
  const { loadBalancerIP, ports, serviceAnnotations, serviceLabels, serviceType } = gateway.spec;
  const metadata = childMetadata(context, gateway.metadata.name);
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...metadata,
      labels: { ...serviceLabels, ...metadata.labels },
      ...(serviceAnnotations === undefined ? {} : { annotations: serviceAnnotations }),
    },
    spec: {
      ...(serviceType === undefined ? {} : { type: serviceType }),
      ...(loadBalancerIP === undefined ? {} : { loadBalancerIP }),
      selector: gatewaySelector(gateway),
      ports: servicePorts(ports, lowestPort),
    },
  };
}
