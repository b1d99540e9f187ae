// What a ServiceEntry becomes under a rule whose PASSTHROUGH is trusted: the address is whichever the caller connected to,
// as with a trusted resolution NONE (docs/differences.md).
import type { DestinationRule } from './destination-rule.ts';
import type { Service } from './service.ts';

/** The same object again for the same service: what is made of it is kept by identity. */
const following = new WeakMap<Service, Service>();

/** The address of a Kubernetes Service is no server's, nor is one that the mesh gave, so these are not followed. */
export function underRule(service: Service, rule: DestinationRule | undefined): Service {
  const followed = rule?.trustOriginalDestination === true && rule.policy.loadBalancer?.simple === 'PASSTHROUGH';
  if (!followed || service.source !== 'ServiceEntry' || service.autoAllocated === true) return service;
  const known = following.get(service) ?? { ...service, resolution: 'NONE', trustOriginalDestination: true };
  following.set(service, known);
  return known;
}
