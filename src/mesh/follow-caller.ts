// What a ServiceEntry becomes under a rule whose PASSTHROUGH is trusted: the address is whichever the caller connected to,
// as with a trusted resolution NONE (docs/differences.md).
import type { DestinationRule } from './destination-rule.ts';
import type { Mesh } from './mesh.ts';
import type { Service } from './service.ts';
import { type Client, isEntitled } from './tenancy.ts';

/** The same object again for the same service: what is made of it is kept by identity. */
const following = new WeakMap<Service, Service>();

/**
 * The address of a Kubernetes Service is no server's, nor is one that the mesh gave, so these are not followed. Nor do
 * tenants say whose word other namespaces' proxies take (tenancy.ts).
 */
export function underRule(
  mesh: Pick<Mesh, 'config' | 'grants'>,
  service: Service,
  rule: DestinationRule | undefined,
  client: Client,
): Service {
  const followed = rule?.trustOriginalDestination === true && rule.policy.loadBalancer?.simple === 'PASSTHROUGH';
  if (rule === undefined || (rule.namespace !== client.namespace && !isEntitled(mesh, rule.namespace, service.host))) {
    return service;
  }
  if (!followed || service.source !== 'ServiceEntry' || service.autoAllocated === true) return service;
  const known = following.get(service) ?? { ...service, resolution: 'NONE', trustOriginalDestination: true };
  following.set(service, known);
  return known;
}
