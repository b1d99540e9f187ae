// Load balancers as rules of the host's packet filter: a connection to a port of one goes to one of its targets, each in
// turn, and stays there whatever becomes of the rules. It is opened by the host itself or by the mesh's own proxies; nobody
// else's is passed on. Addresses of load balancers stand on `lo`, so what no rule takes would reach programs of the host
// that listen on all addresses: it is refused at once.
import { runTool } from './command.ts';
import type { MeshNetwork } from './host.ts';
import { renderLoadBalancersIptables } from './host-rules-iptables.ts';
import { renderLoadBalancersNft } from './host-rules-nft.ts';

export interface BalancedPort {
  readonly address: string;
  readonly port: number;
  readonly targets: readonly { readonly address: string; readonly port: number }[];
}

/** One rule: the `turn`-th of those that come so far goes to the target. */
export interface BalancedTarget {
  readonly address: string;
  readonly port: number;
  /** Undefined: whatever comes so far. */
  readonly every: number | undefined;
  readonly target: string;
}

/** In the order of the rules: of three targets the first takes every third, the second every second of the rest. */
export function balancedTargets(ports: readonly BalancedPort[]): readonly BalancedTarget[] {
  return ports.flatMap(({ address, port, targets }) =>
    targets.map((target, index) => {
      const left = targets.length - index;
      return { address, port, every: left === 1 ? undefined : left, target: `${target.address}:${target.port}` };
    }),
  );
}

/** Replaces all of them in one transaction. After `prepareHost`. */
export async function setLoadBalancerRules(
  { firewall, meshId }: MeshNetwork,
  ports: readonly BalancedPort[],
  signal?: AbortSignal,
): Promise<void> {
  const options = signal && { signal };
  if (firewall === 'nft') {
    await runTool('nft', ['-f', '-'], { input: renderLoadBalancersNft(meshId, ports), ...options });
  } else {
    const input = renderLoadBalancersIptables(meshId, ports);
    await runTool('iptables-restore', ['--noflush'], { input, ...options });
  }
}
