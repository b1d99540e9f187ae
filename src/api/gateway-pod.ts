// Which pods are gateways: those that are an Envoy alone. Istio's words for it (`proxy router …`) are their mark.
import type { Pod } from './kinds/pod.ts';

/** Its first container is a proxy that is told to be a router, as Istio's gateways are. */
export function isGatewayPod({ spec: { containers } }: Pod): boolean {
  const [{ name, args = [] } = {}] = containers;
  return name === 'istio-proxy' && args[0] === 'proxy' && args[1] === 'router';
}

/**
 * A pod with the host's network has no sidecar, as in Istio.
 * Istio: a gateway may have it too; here: its Envoy gets configuration in a place of its own only.
 */
export function isHostPod(pod: Pod): boolean {
  return pod.spec.hostNetwork === true && !isGatewayPod(pod);
}

/** The name of the workload the pod belongs to: its controller's, else its own. */
export function workloadOf(pod: Pod): string {
  const owner = pod.metadata.ownerReferences?.find((reference) => reference.controller === true);
  return owner?.name ?? pod.metadata.name;
}
