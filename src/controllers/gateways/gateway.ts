// What every object that is made for a MeshGateway is made from, and what they have in common: the gateway as owner, and
// the labels by which its pods are found.
import type { Istio } from '../../api/kinds/istio.ts';
import type { MeshGateway } from '../../api/kinds/mesh-gateway.ts';
import { gatewayNameLabel, gatewayTypeLabel } from '../../api/kinds/mesh-gateway-validation.ts';
import type { KubeObject, ObjectMeta, OwnerReference } from '../../api/object.ts';

export interface GatewayContext {
  /** With its defaults. */
  readonly gateway: MeshGateway;
  /** The mesh's settings, with their defaults. */
  readonly istio: Istio;
  /** MeshGateways of this name in all namespaces, this one among them, by namespace. */
  readonly namesakes: readonly MeshGateway[];
  /** Ports below it cannot be listened on. */
  readonly lowestPort: number;
}

export function controllerReference(owner: KubeObject): OwnerReference {
  return { ...ownerReference(owner), controller: true };
}

/** Of one owner among several: only one of them may be the controller. */
export function ownerReference({ apiVersion, kind, metadata }: KubeObject): OwnerReference {
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', blockOwnerDeletion: true };
}

/** Of an object in the gateway's namespace. */
export function childMetadata({ gateway }: GatewayContext, name: string): ObjectMeta {
  return {
    name,
    namespace: namespaceOf(gateway),
    labels: gatewayLabels(gateway),
    ownerReferences: [controllerReference(gateway)],
  };
}

export function gatewayLabels(gateway: MeshGateway): Readonly<Record<string, string>> {
  return { ...gateway.spec.labels, ...gatewaySelector(gateway) };
}

/**
 * Istio: all labels of the gateway; here: those that no one else has and that never change, since a Deployment's selector
 * cannot.
 */
export function gatewaySelector({ metadata, spec }: MeshGateway): Readonly<Record<string, string>> {
  return { [gatewayNameLabel]: metadata.name, [gatewayTypeLabel]: spec.type };
}

export function namespaceOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? 'default';
}

export function serviceAccountName({ metadata }: KubeObject): string {
  return `${metadata.name}-service-account`;
}
