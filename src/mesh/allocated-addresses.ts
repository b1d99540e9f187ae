// Addresses that the mesh gives to hosts which have none of their own (istio-semantics 2.5). A host has one, whichever objects
// name it, and as a rule always the same: the hash of its name, or the next one that is free.
// Istio: each ServiceEntry has its own, so that a host of two entries leads to either; here: by host.
import { isIPv4 } from 'node:net';
import { hashOf } from './hash.ts';

export interface AllocatedAddresses {
  /** What an earlier process gave; it counts if the address is one of these and nobody else's. */
  restore(host: string, address: string): void;
  /** Undefined: all are taken. */
  addressOf(host: string): string | undefined;
  /** Hosts that nothing names any more keep their address until all others are taken. */
  setInUse(host: string, isInUse: boolean): void;
}

/** Istio's range for IPv4; workloads have no IPv6 here. The first and the last address are nobody's. */
const network = '240.240';
/** All that are given are in it. */
export const allocatedRange = `${network}.0.0/16`;
const allHosts = 0xfffe;

/** `count`: how many there are to give. */
export function createAllocatedAddresses(count = allHosts): AllocatedAddresses {
  const numbers = new Map<string, number>();
  const hosts = new Map<number, string>();
  const uses = new Map<string, number>();

  function give(host: string, number: number): void {
    const former = hosts.get(number);
    if (former !== undefined) numbers.delete(former);
    numbers.set(host, number);
    hosts.set(number, host);
  }

  /** From the hash on, the first that is free; without one, the first that is nobody's any more. */
  function findNumber(host: string): number | undefined {
    const start = hashOf(host) % count;
    let left: number | undefined;
    for (let step = 0; step < count; step += 1) {
      const number = (start + step) % count;
      const holder = hosts.get(number);
      if (holder === undefined) return number;
      if (left === undefined && !uses.has(holder)) left = number;
    }
    return left;
  }

  return {
    restore(host, address) {
      const number = numberOf(address);
      if (number === undefined || number >= count || numbers.has(host) || hosts.has(number)) return;
      give(host, number);
    },
    addressOf(host) {
      const number = numbers.get(host) ?? findNumber(host);
      if (number === undefined) return undefined;
      if (!numbers.has(host)) give(host, number);
      return `${network}.${(number + 1) >> 8}.${(number + 1) & 255}`;
    },
    setInUse(host, isInUse) {
      const count = (uses.get(host) ?? 0) + (isInUse ? 1 : -1);
      if (count > 0) uses.set(host, count);
      else uses.delete(host);
    },
  };
}

function numberOf(address: string): number | undefined {
  if (!isIPv4(address) || !address.startsWith(`${network}.`)) return undefined;
  const [, , high = 0, low = 0] = address.split('.').map(Number);
  const number = high * 256 + low - 1;
  return number < 0 || number >= allHosts ? undefined : number;
}
