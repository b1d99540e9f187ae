// Addresses and names of one sandbox, all computed from the mesh's /16, the mesh's id and the sandbox's index,
// so that they can be found again by a keeper that knows nothing else. Each sandbox has a /29:
//   +1 application (link to the proxy) +2 proxy's end of that link    +5 proxy (link to the host) +6 host's end
// Of the mesh's /16 the last /24 is kept for port routes (port-routes.ts), the one before it for load balancers.
import { SallyportError } from '../../platform/errors.ts';

/** Sandboxes that fit into a mesh: the /29s of a /16 without its last two /24s. */
export const maxSandboxes = 8128;

const loadBalancerNumber = 254;
const maxLoadBalancers = 254;

export interface Sandbox {
  readonly meshId: string;
  readonly index: number;
  /** The application's own address. */
  readonly podIP: string;
  /** The proxy's address towards the application; DNS is asked here, port 53. */
  readonly relayIP: string;
  /** The proxy's address towards the host; source of all that leaves. */
  readonly proxyIP: string;
  /** The host's address towards the proxy; this sandbox's DNS server listens here. */
  readonly hostIP: string;
  /** Names as `ip netns` shows them. */
  readonly appNamespace: string;
  readonly proxyNamespace: string;
  /** The host's end of the link to the proxy; at most 15 characters. */
  readonly hostLink: string;
}

/** What all namespaces of a mesh, and all its links on the host, begin with. */
export function namespacePrefix(meshId: string): string {
  return `sp-${meshId}-`;
}

export function linkPrefix(meshId: string): string {
  return `sp${meshId}-`;
}

/** The file that `nsenter --net=` takes. */
export function namespaceFile(name: string): string {
  return `/run/netns/${name}`;
}

/** `cidr` is the mesh's /16, e.g. `10.140.0.0/16`. Throws for an index that does not fit. */
export function sandboxAt(meshId: string, cidr: string, index: number): Sandbox {
  if (!Number.isInteger(index) || index < 0 || index >= maxSandboxes)
    throw new SallyportError('SP_MESH_FULL', `a local mesh holds at most ${maxSandboxes} workloads`);
  const base = index * 8;
  const address = (offset: number) => hostAddress(cidr, base + offset);
  return {
    meshId,
    index,
    podIP: address(1),
    relayIP: address(2),
    proxyIP: address(5),
    hostIP: address(6),
    appNamespace: `${namespacePrefix(meshId)}${index}-app`,
    proxyNamespace: `${namespacePrefix(meshId)}${index}-proxy`,
    hostLink: `${linkPrefix(meshId)}${index}`,
  };
}

/** Where the mesh's load balancers answer. */
export function loadBalancerRange(cidr: string): string {
  return `${hostAddress(cidr, loadBalancerNumber * 256)}/24`;
}

/** Throws for an index that does not fit. */
export function loadBalancerAddress(cidr: string, index: number): string {
  if (!Number.isInteger(index) || index < 0 || index >= maxLoadBalancers)
    throw new SallyportError('SP_MESH_FULL', `a local mesh holds at most ${maxLoadBalancers} load balancers`);
  return hostAddress(cidr, loadBalancerNumber * 256 + 1 + index);
}

/** The `offset`-th address of a /16. */
export function hostAddress(cidr: string, offset: number): string {
  const [first, second] = cidr.split('.');
  return `${first}.${second}.${offset >> 8}.${offset & 255}`;
}
