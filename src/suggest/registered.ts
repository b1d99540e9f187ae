// What the mesh knows already of a host, as the proxies of a namespace see it, and why an object for one more of its ports
// would not do there what it is suggested for.
import { isIP } from 'node:net';
import { isUnder, wildcardsAbove } from '../api/host-name.ts';
import { accessOf } from '../mesh/egress-policy/access.ts';
import { egressPolicyOrigin } from '../mesh/egress-policy/egress-policy.ts';
import { takersOf } from '../mesh/egress-policy/taken-hosts.ts';
import type { Mesh } from '../mesh/mesh.ts';
import { selectService } from '../mesh/select-service.ts';
import { originOf, type Resolution, type Service } from '../mesh/service.ts';
import { meshNamespaceOf } from '../mesh/tenancy.ts';
import { virtualServiceOrigin } from '../mesh/virtual-service.ts';
import { isVisible } from '../mesh/visibility.ts';
import { nonExternalRanges } from '../xds/address-policy.ts';
import { addressRanges } from './address-ranges.ts';

export interface Registered {
  /** Whether proxies of the namespace know the host, or the address, on the port. */
  isKnown(namespace: string, host: string, port: number): boolean;
  /** Why a ServiceEntry of the namespace for it would not count, or would take something away. */
  entryObstacle(namespace: string, host: string, resolution: Resolution): string | undefined;
  policyObstacle(namespace: string, host: string): string | undefined;
  /** The same of an address. */
  addressObstacle(address: string): string | undefined;
}

/** Names that lead to the machine itself, or to what tells its secrets, wherever they are asked. */
const neverOutside: readonly string[] = ['localhost', 'metadata.google.internal', 'instance-data.ec2.internal'];

interface Addressed {
  readonly service: Service;
  holds(address: string): boolean;
}

export function registeredIn(mesh: Mesh): Registered {
  /** Filled when an address is asked for: most meshes are not asked for any. */
  let addressed: readonly Addressed[] | undefined;
  let inside: ReadonlySet<string> | undefined;
  const isRefused = addressRanges(nonExternalRanges);
  const isAllowed = addressRanges(mesh.config.allowedRanges);

  function all(): readonly Service[] {
    return [...mesh.services.hosts()].flatMap((host) => mesh.services.get(host));
  }

  function find(namespace: string, host: string): Service | undefined {
    return selectService(mesh, host, { namespace, proxy: 'sidecar' });
  }

  function hasAddress(namespace: string, address: string, port: number): boolean {
    addressed ??= all().flatMap((service) =>
      service.addresses.length === 0 ? [] : [{ service, holds: addressRanges(service.addresses) }],
    );
    return addressed.some(
      ({ service, holds }) =>
        isVisible(service.visibility, namespace) &&
        service.ports.some(({ number }) => number === port) &&
        holds(address),
    );
  }

  function governing(namespace: string, host: string): string | undefined {
    const speaking = new Set([host, ...wildcardsAbove(host)].flatMap((name) => mesh.egressPolicies.get(name)));
    const nobody = { namespace, serviceAccount: '', matches: () => false };
    const [policy] = accessOf([...speaking], nobody, host, 0)?.governing ?? [];
    return policy && egressPolicyOrigin(policy);
  }

  function nameObstacle(host: string): string | undefined {
    if (neverOutside.some((name) => isUnder(host, name) || isUnder(host, `*.${name}`))) {
      return 'it leads to the machine itself, or to its secrets';
    }
    return meshNamespaceOf(mesh.services, host) === undefined ? undefined : 'it is a name of the mesh';
  }

  return {
    isKnown(namespace, host, port) {
      if (isIP(host) !== 0) return hasAddress(namespace, host, port);
      return [host, ...wildcardsAbove(host)].some((name) =>
        find(namespace, name)?.ports.some(({ number }) => number === port),
      );
    },
    entryObstacle(namespace, host, resolution) {
      const refusal = nameObstacle(host);
      if (refusal !== undefined) return refusal;
      const policy = governing(namespace, host);
      if (policy !== undefined) return `${policy} says who may reach it`;
      const service = find(namespace, host);
      if (service === undefined || isAddedTo(service, namespace, resolution)) return undefined;
      return `${originOf(service)} registers it without this port: add the port there`;
    },
    policyObstacle(namespace, host) {
      const refusal = nameObstacle(host);
      if (refusal !== undefined) return refusal;
      const [taker] = takersOf(mesh.virtualServices.get(host), namespace);
      if (taker !== undefined)
        return `${virtualServiceOrigin(taker)} routes it, so that no EgressPolicy is applied to it`;
      if (governing(namespace, host) !== undefined) return undefined;
      const service = find(namespace, host);
      if (service === undefined) return undefined;
      return `${originOf(service)} registers it for all of the namespace, and an EgressPolicy would take it from the others`;
    },
    addressObstacle(address) {
      if (isRefused(address) && !isAllowed(address)) return 'it is no address outside';
      inside ??= new Set(
        all().flatMap(({ source, endpoints, addresses }) =>
          source === 'Service' ? [...endpoints.map((endpoint) => endpoint.address), ...addresses] : [],
        ),
      );
      return inside.has(address) ? 'it is an address of the mesh' : undefined;
    },
  };
}

/** Whether an entry of the namespace for itself alone adds its ports to this one (selectService). */
function isAddedTo(service: Service, namespace: string, resolution: Resolution): boolean {
  const { source, visibility, addresses, autoAllocated } = service;
  return (
    source === 'ServiceEntry' &&
    service.madeBy === undefined &&
    service.namespace === namespace &&
    service.resolution === resolution &&
    (addresses.length === 0 || autoAllocated === true) &&
    !visibility.public &&
    visibility.namespaces.size === 1 &&
    visibility.namespaces.has(namespace)
  );
}
