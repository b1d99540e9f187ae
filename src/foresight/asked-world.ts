// What the worker makes its world of: the store's objects as they were when it was asked, and what else of this machine decides.
import { isIP } from 'node:net';
import type { KubeObject } from '../api/object.ts';
import { proxyAddresses } from '../controllers/proxy-addresses.ts';
import { createObjectWorlds, type ObjectWorlds } from '../verdict/object-world.ts';
import type { World } from '../verdict/world.ts';
import type { PortRule } from '../xds/capture.ts';
import type { PackedObjects } from './packed-objects.ts';

export interface AskedWorld {
  readonly objects: PackedObjects;
  readonly capture: 'redirect' | 'proxy';
  /** `--resolve`. */
  readonly rules: readonly PortRule[];
  /** Content of files that objects name, by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** From where the proxies of pods call others, by `namespace/name`. */
  readonly proxyIPs: ReadonlyMap<string, string>;
}

export function worldOf(objects: readonly KubeObject[], asked: AskedWorld): World {
  return worldsOf(objects, asked).world();
}

export function worldsOf(
  objects: readonly KubeObject[],
  { capture, rules, files, proxyIPs }: AskedWorld,
): ObjectWorlds {
  return createObjectWorlds({
    objects,
    capture: capture === 'proxy' ? { kind: 'proxy', portRules: rules } : { kind: 'redirect', proxies: proxyAddresses },
    files,
    proxyIPs,
    resolve: resolverOf(rules),
  });
}

/** Addresses that names are given on this machine. */
export function resolverOf(rules: readonly PortRule[]): (host: string, port: number) => string | undefined {
  return (host, port) => resolvedBy(rules, host, port);
}

/** The rule for the port comes first, as for DNS and the network. */
function resolvedBy(rules: readonly PortRule[], host: string, port: number): string | undefined {
  const mine = rules.filter((rule) => rule.host === host && (rule.port === undefined || rule.port === port));
  const rule = mine.find((one) => one.port === port) ?? mine[0];
  return rule !== undefined && isIP(rule.address) !== 0 ? rule.address : undefined;
}
