// MeshGateways and Istio objects for tests, and what a builder is given.
import { type Istio, istioKind, istioVersion } from '../../../api/kinds/istio.ts';
import { type MeshGateway, type MeshGatewaySpec, meshGatewayKind } from '../../../api/kinds/mesh-gateway.ts';
import type { GatewayContext } from '../gateway.ts';

export const http = { name: 'http', port: 8000, protocol: 'TCP', targetPort: 8000 } as const;

export function meshGateway(
  spec: Partial<MeshGatewaySpec> = {},
  name = 'echo-ingress',
  namespace = 'default',
): MeshGateway {
  return {
    apiVersion: 'istio.banzaicloud.io/v1beta1',
    kind: 'MeshGateway',
    metadata: { name, namespace },
    spec: { type: 'ingress', ports: [http], ...spec },
  };
}

/** The mesh's own without gateways, so that a test sees those that it makes. */
export function istioObject(spec: Partial<Istio['spec']> = { gateways: { enabled: false } }, name = 'mesh'): Istio {
  return {
    apiVersion: 'istio.banzaicloud.io/v1beta1',
    kind: 'Istio',
    metadata: { name, namespace: 'istio-system' },
    spec: { version: istioVersion, ...spec },
  };
}

export function gatewayContext(
  spec: Partial<MeshGatewaySpec> = {},
  istioSpec: Partial<Istio['spec']> = {},
  lowestPort = 1,
): GatewayContext {
  const plain = meshGateway(spec);
  const stored = { ...plain, metadata: { ...plain.metadata, uid: 'uid-1' } };
  return {
    gateway: meshGatewayKind.withDefaults(stored),
    istio: istioKind.withDefaults(istioObject(istioSpec)),
    namesakes: [stored],
    lowestPort,
  };
}
