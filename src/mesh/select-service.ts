// Which of several services with the same host a namespace gets (Istio: model/sidecar.go selectServices): one of its own
// namespace, else a Kubernetes Service, else one that may claim the host for all, else the oldest that takes it from nobody
// (tenancy.ts). Ports are added from ServiceEntries of the same namespace,
// resolution, addresses, trust in them and visibility, each with what is behind it by its own entry; other claims on the
// host are left out whole. Istio: labels and selectors must be the same too; here: a port is not lost for a label.
import type { Service, ServicePort } from './service.ts';
import { type Client, hasPrecedence, refusalOf, type Tenants } from './tenancy.ts';
import { isVisible, sameVisibility } from './visibility.ts';

/**
 * `claims`: on the host, oldest first; those that are to be thought of. The result is the very same object when nothing had
 * to be merged.
 */
export function selectService(
  mesh: Tenants,
  host: string,
  client: Client,
  claims: readonly Service[] = mesh.services.get(host),
): Service | undefined {
  const visible = claims.filter(
    (service) => isVisible(service.visibility, client.namespace) && refusalOf(mesh, service, client) === undefined,
  );
  const chosen =
    visible.find((service) => service.namespace === client.namespace) ??
    visible.find((service) => service.source === 'Service') ??
    visible.find((service) => hasPrecedence(mesh, service.namespace, host)) ??
    visible[0];
  if (chosen === undefined || visible.length === 1) return chosen;
  return visible.reduce((merged, other) => (canMerge(chosen, other) ? merge(merged, other) : merged), chosen);
}

function canMerge(chosen: Service, other: Service): boolean {
  return (
    other !== chosen &&
    other.source === 'ServiceEntry' &&
    chosen.source === 'ServiceEntry' &&
    other.namespace === chosen.namespace &&
    other.resolution === chosen.resolution &&
    sameTrust(other, chosen) &&
    sameSet(declaredAddresses(other), declaredAddresses(chosen)) &&
    sameVisibility(other.visibility, chosen.visibility)
  );
}

/** Whose addresses are taken as callers give them is said for the host as a whole. */
function sameTrust(a: Service, b: Service): boolean {
  return a.resolution !== 'NONE' || a.trustOriginalDestination === b.trustOriginalDestination;
}

function declaredAddresses({ addresses, autoAllocated }: Service): readonly string[] {
  return autoAllocated === true ? [] : addresses;
}

/** What was merged before is the same object again: what was built from it is still right. */
const known = new WeakMap<Service, WeakMap<Service, Service>>();

function merge(merged: Service, other: Service): Service {
  const ofMerged = known.get(merged) ?? new WeakMap<Service, Service>();
  const found = ofMerged.get(other) ?? mergePorts(merged, other);
  known.set(merged, ofMerged.set(other, found));
  return found;
}

function mergePorts(merged: Service, other: Service): Service {
  const numbers = new Set(merged.ports.map((port) => port.number));
  const added: readonly ServicePort[] = other.ports.filter((port) => !numbers.has(port.number));
  if (added.length === 0) return merged;
  const ports = [...merged.ports, ...added.map((port) => ({ ...port, from: other }))];
  const { addresses, autoAllocated } = other;
  return { ...merged, ports, ...(autoAllocated === true ? { addresses, autoAllocated } : {}) };
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}
