// Where `--resolve HOST[:PORT]=IP:PORT` changes the port. DNS cannot say a port, so it answers a stand-in address
// out of the mesh's last /24, and each proxy's namespace sends connections to the stand-in on to IP:PORT.
// Invariant: a host's stand-in depends on the set of such hosts only, so DNS and netfilter always agree.
import { createHash } from 'node:crypto';
import { SallyportError } from '../../platform/errors.ts';
import type { ResolveRule } from '../protocol.ts';
import { hostAddress } from './addresses.ts';

/** Connections to `address` (on `port`, or on any that no other route names) go to `target`. */
export interface PortRoute {
  readonly host: string;
  /** The stand-in that DNS answers for `host`. */
  readonly address: string;
  readonly port?: number;
  readonly target: { readonly address: string; readonly port?: number };
}

const standIns = 254;

/** One route per rule that changes the port, and one for all other ports of such a host. Throws above 254 hosts. */
export function portRoutes(cidr: string, rules: readonly ResolveRule[]): readonly PortRoute[] {
  const hosts = new Set(rules.filter(changesPort).map((rule) => rule.host.toLowerCase()));
  const addresses = assignStandIns(cidr, [...hosts].sort());
  const specific: PortRoute[] = [];
  const remaining = new Map<string, PortRoute>();
  for (const { host, port, address: target, targetPort } of rules) {
    const name = host.toLowerCase();
    const address = addresses.get(name);
    if (address === undefined || target.includes(':')) continue;
    const route = { host: name, address, target: { address: target, ...(targetPort && { port: targetPort }) } };
    if (port !== undefined) specific.push({ ...route, port });
    else remaining.set(name, remaining.get(name) ?? route);
  }
  for (const { host, address, target } of specific)
    if (!remaining.has(host)) remaining.set(host, { host, address, target: { address: target.address } });
  return [...specific, ...remaining.values()];
}

function changesPort({ port, targetPort }: ResolveRule): boolean {
  return targetPort !== undefined && targetPort !== port;
}

/** By hash, so that one host more or less seldom moves another's stand-in. */
function assignStandIns(cidr: string, hosts: readonly string[]): ReadonlyMap<string, string> {
  if (hosts.length > standIns)
    throw new SallyportError('SP_TOO_MANY_RULES', `--resolve can change the port of at most ${standIns} hosts`);
  const taken = new Set<number>();
  const addresses = new Map<string, string>();
  for (const host of hosts) {
    let slot = createHash('sha256').update(host).digest().readUInt16BE(0) % standIns;
    while (taken.has(slot)) slot = (slot + 1) % standIns;
    taken.add(slot);
    addresses.set(host, hostAddress(cidr, 255 * 256 + 1 + slot));
  }
  return addresses;
}
