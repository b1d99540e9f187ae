// Addresses of a mesh without namespaces: each mesh has a /16 of the machine's loopback range to itself, each pod four
// addresses of it, by its index. So nothing of one pod can take a port of another, or of another mesh:
//   +1 the pod (its Envoy listens there)   +2 its program   +3 its DNS
// The last /24 is kept for load balancers.
import { SallyportError } from '../../platform/errors.ts';

/** Pods that fit into a block without its last /24. */
const mostPods = 16_320;

const mostLoadBalancers = 254;

/** The blocks that meshes choose from, as their first two numbers: `127.64` to `127.223`. */
export const loopbackBlocks: readonly string[] = Array.from({ length: 160 }, (_, step) => `127.${64 + step}`);

export interface LoopbackAddresses {
  readonly podIP: string;
  readonly appIP: string;
  readonly dnsIP: string;
}

/** Throws for an index that does not fit. */
export function loopbackAddresses(block: string, index: number): LoopbackAddresses {
  if (!Number.isInteger(index) || index < 0 || index >= mostPods)
    throw new SallyportError('SP_MESH_FULL', `a local mesh holds at most ${mostPods} workloads`);
  const address = (offset: number) => `${block}.${(index * 4) >> 8}.${((index * 4) & 255) + offset}`;
  return { podIP: address(1), appIP: address(2), dnsIP: address(3) };
}

/** Throws for an index that does not fit. */
export function loadBalancerLoopback(block: string, index: number): string {
  if (!Number.isInteger(index) || index < 0 || index >= mostLoadBalancers)
    throw new SallyportError('SP_MESH_FULL', `a local mesh holds at most ${mostLoadBalancers} load balancers`);
  return `${block}.255.${index + 1}`;
}
