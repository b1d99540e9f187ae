// The MeshGateways that an Istio object asks for: one for what comes in, one for what goes out.
import { storedApiVersion } from '../../api/kind.ts';
import type { Istio } from '../../api/kinds/istio.ts';
import { type MeshGateway, type MeshGatewaySpec, meshGatewayKind } from '../../api/kinds/mesh-gateway.ts';
import { controllerReference, namespaceOf } from './gateway.ts';
import type { OwnedChild } from './owned-children.ts';

export const ingressGatewayName = 'istio-ingressgateway';

/** `istio`: with its defaults. */
export function istioGateways(istio: Istio): readonly OwnedChild[] {
  return [
    { object: buildMeshGateway(istio, 'ingress'), wanted: isEnabled(istio, 'ingress') },
    { object: buildMeshGateway(istio, 'egress'), wanted: isEnabled(istio, 'egress') },
  ];
}

export function buildMeshGateway(istio: Istio, type: MeshGatewaySpec['type']): MeshGateway {
  const { enabled: _enabled, ports = [], ...settings } = istio.spec.gateways?.[type] ?? {};
  const name = `istio-${type}gateway`;
  const labels = { app: name, istio: `${type}gateway` };
  return {
    apiVersion: storedApiVersion(meshGatewayKind),
    kind: meshGatewayKind.kind,
    metadata: { name, namespace: namespaceOf(istio), labels, ownerReferences: [controllerReference(istio)] },
    spec: { ...settings, type, ports, labels: { ...settings.labels, ...labels } },
  };
}

function isEnabled({ spec: { gateways } }: Istio, type: MeshGatewaySpec['type']): boolean {
  return gateways?.enabled !== false && gateways?.[type]?.enabled !== false;
}
