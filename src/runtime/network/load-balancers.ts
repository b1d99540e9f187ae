// The load balancers of a mesh on the host: each has an address of the mesh's range on `lo`, so that programs of the host
// find it, and rules that send its connections on. Invariant: while an address is there without rules, what comes to it is
// refused; what was made is known from the journal, so that a keeper that died half-way leaves nothing for good.
import type { LoadBalancerPort, LoadBalancerStatus } from '../protocol.ts';
import { loadBalancerAddress, loadBalancerRange } from './addresses.ts';
import type { MeshNetwork } from './host.ts';
import { readHostJournal } from './host-journal.ts';
import { type BalancedPort, setLoadBalancerRules } from './load-balancer-rules.ts';
import { addLoopbackAddress, removeLoopbackAddress } from './loopback-address.ts';

/** Known by its index, which the keeper allocates, as pods are. */
export interface LoadBalancer {
  /** From 0; one each. */
  readonly index: number;
  readonly ports: readonly LoadBalancerPort[];
}

export interface HostLoadBalancers {
  /** Makes it exactly these. Not to be called again before it is done. */
  set(all: readonly LoadBalancer[]): Promise<readonly LoadBalancerStatus[]>;
}

export function createHostLoadBalancers(
  network: MeshNetwork,
  journalFile: string,
  signal?: AbortSignal,
): HostLoadBalancers {
  const { cidr } = network;
  /** Addresses known to be on `lo`. */
  const present = new Set<string>();

  return {
    async set(all) {
      const wanted = all.map(({ index }) => loadBalancerAddress(cidr, index));
      for (const address of wanted) {
        if (present.has(address)) continue;
        await addLoopbackAddress(address, journalFile, signal);
        present.add(address);
      }
      await setLoadBalancerRules(network, balancedPorts(cidr, all), signal);
      for (const address of addressesMade(cidr, journalFile)) {
        if (wanted.includes(address)) continue;
        present.delete(address);
        await removeLoopbackAddress(address, journalFile);
      }
      return wanted.map((address) => ({ address, mappedPorts: [] }));
    },
  };
}

export function balancedPorts(cidr: string, all: readonly LoadBalancer[]): readonly BalancedPort[] {
  return all.flatMap(({ index, ports }) =>
    ports.map(({ port, targets }) => ({ address: loadBalancerAddress(cidr, index), port, targets })),
  );
}

function addressesMade(cidr: string, journalFile: string): readonly string[] {
  const prefix = loadBalancerRange(cidr).replace(/0\/24$/, '');
  return readHostJournal(journalFile).flatMap((change) =>
    change.kind === 'lo-address' && change.address.startsWith(prefix) ? [change.address] : [],
  );
}
