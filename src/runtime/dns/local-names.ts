// The names that are answered here, in this order: the asking pod's own, the mesh's, then `--resolve`, then the host's
// /etc/hosts. All else is the host's resolver's, but for the mesh's domain, of which nobody else can know anything.
// A program and its proxy are told apart: the program is led to its proxy by addresses that only the proxy knows, and
// the proxy finds the host that is really meant.
import { wildcardsAbove } from '../../api/host-name.ts';
import { portRoutes } from '../network/port-routes.ts';
import type { DnsRecord, KeeperConfig } from '../protocol.ts';
import type { HostsFile } from './hosts-file.ts';

/** The pod that asks at an address; it decides which mesh names are seen. */
export interface DnsClient {
  readonly namespace: string;
  /** Answered with podIP, so that a program finds its own name. */
  readonly hostname: string;
  readonly podIP: string;
  /** Who of the pod asks there. */
  readonly asks: 'program' | 'proxy';
}

export type LocalAnswer =
  | {
      readonly kind: 'addresses';
      /** Of both families. */
      readonly addresses: readonly string[];
      /** Whatever else can be asked of the name is somebody else's to answer. */
      readonly addressesAlone: boolean;
      /** Only if nobody else knows the name. */
      readonly unlessKnown: boolean;
    }
  | { readonly kind: 'alias'; readonly of: string }
  /** Of the mesh's domain, and not there. */
  | { readonly kind: 'nonexistent' };

export interface LocalNames {
  /** Undefined if the name is not answered here. `name` is in lower case, without a dot at its end. */
  lookup(name: string, client: DnsClient): LocalAnswer | undefined;
}

const meshDomain = 'cluster.local';

/** `cidr` is the mesh's /16: rules that change a port answer a stand-in out of it; undefined: their own address. */
export function createLocalNames(config: KeeperConfig, cidr: string | undefined, hosts: HostsFile): LocalNames {
  const records = Map.groupBy(config.records, (record) => record.name.toLowerCase());
  const routes = cidr === undefined ? [] : portRoutes(cidr, config.resolve);
  const standIns = new Map(routes.map(({ host, address }) => [host, address]));
  const rules = Map.groupBy(config.resolve, (rule) => rule.host.toLowerCase());

  /** What the client's namespace sees, and before it what is said for this namespace alone. */
  function recordFor(name: string, { namespace, asks }: DnsClient): DnsRecord | undefined {
    const known = (records.get(name) ?? []).filter(({ forPrograms }) => forPrograms !== true || asks === 'program');
    return (
      known.find(({ namespaces }) => namespaces?.includes(namespace)) ??
      known.find(({ namespaces }) => namespaces === undefined)
    );
  }

  function meshAnswer(name: string, client: DnsClient): LocalAnswer | undefined {
    for (const candidate of [name, ...wildcardsAbove(name)]) {
      const record = recordFor(candidate, client);
      if (record === undefined) continue;
      if (record.aliasOf !== undefined) return { kind: 'alias', of: record.aliasOf };
      if (record.addresses.length === 0) return undefined;
      const { addresses, forPrograms = false, unlessKnown = false } = record;
      return { kind: 'addresses', addresses, addressesAlone: forPrograms, unlessKnown };
    }
    return undefined;
  }

  function hostAddresses(name: string): readonly string[] | undefined {
    const standIn = standIns.get(name);
    if (standIn !== undefined) return [standIn];
    const resolved = rules.get(name);
    if (resolved !== undefined) return [...new Set(resolved.map((rule) => rule.address))];
    return hosts.lookup(name);
  }

  function addressesOf(addresses: readonly string[] | undefined): LocalAnswer | undefined {
    return addresses === undefined
      ? undefined
      : { kind: 'addresses', addresses, addressesAlone: false, unlessKnown: false };
  }

  return {
    lookup(name, client) {
      const own = name === client.hostname.toLowerCase() ? [client.podIP] : undefined;
      const ofMeshAnswer = addressesOf(own) ?? meshAnswer(name, client);
      const defers = ofMeshAnswer?.kind === 'addresses' && ofMeshAnswer.unlessKnown;
      const ofHost = ofMeshAnswer === undefined || defers ? addressesOf(hostAddresses(name)) : undefined;
      const found = ofHost ?? ofMeshAnswer;
      if (found !== undefined) return found;
      return name === meshDomain || name.endsWith(`.${meshDomain}`) ? { kind: 'nonexistent' } : undefined;
    },
  };
}
