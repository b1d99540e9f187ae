// Which of several services with the same host a namespace gets (Istio: model/sidecar.go selectServices): one of
// its own namespace, else a Kubernetes Service, else the oldest. Ports are added only from services of the same
// namespace and resolution; other claims on the host are left out whole.
import type { Service, ServicePort } from './service.ts';
import { isVisible, sameVisibility } from './visibility.ts';

/** `claims` oldest first. The result is the very same object when nothing had to be merged. */
export function selectService(claims: readonly Service[], namespace: string): Service | undefined {
  const visible = claims.filter((service) => isVisible(service.visibility, namespace));
  const chosen =
    visible.find((service) => service.namespace === namespace) ??
    visible.find((service) => service.source === 'Service') ??
    visible[0];
  if (chosen === undefined || visible.length === 1) return chosen;
  return visible.reduce((merged, other) => (canMerge(chosen, other) ? mergePorts(merged, other) : merged), chosen);
}

function canMerge(chosen: Service, other: Service): boolean {
  return (
    other !== chosen &&
    other.source === 'ServiceEntry' &&
    chosen.source === 'ServiceEntry' &&
    other.namespace === chosen.namespace &&
    other.resolution === chosen.resolution &&
    sameSet(other.addresses, chosen.addresses) &&
    sameVisibility(other.visibility, chosen.visibility) &&
    other.endpoints.length === 0 &&
    chosen.endpoints.length === 0
  );
}

function mergePorts(merged: Service, other: Service): Service {
  const numbers = new Set(merged.ports.map((port) => port.number));
  const added: readonly ServicePort[] = other.ports.filter((port) => !numbers.has(port.number));
  return added.length === 0 ? merged : { ...merged, ports: [...merged.ports, ...added] };
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}
