// The names that are answered here, in this order: the asking pod's own, the mesh's, then `--resolve`, then the host's
// /etc/hosts. All else is the host's resolver's, but for the mesh's domain, of which nobody else can know anything.
import { portRoutes } from '../network/port-routes.ts';
import type { KeeperConfig } from '../protocol.ts';
import type { HostsFile } from './hosts-file.ts';

/** The pod that asks at an address; it decides which mesh names are seen. */
export interface DnsClient {
  readonly namespace: string;
  /** Answered with podIP, so that a program finds its own name. */
  readonly hostname: string;
  readonly podIP: string;
}

export interface LocalNames {
  /**
   * Addresses of both families, `nonexistent` for a name of the mesh's domain that does not exist, undefined if the
   * name is not answered here. `name` is in lower case, without a dot at its end.
   */
  lookup(name: string, client: DnsClient): readonly string[] | 'nonexistent' | undefined;
}

const meshDomain = 'cluster.local';

/** `cidr` is the mesh's /16: rules that change a port answer a stand-in out of it; undefined: their own address. */
export function createLocalNames(config: KeeperConfig, cidr: string | undefined, hosts: HostsFile): LocalNames {
  const records = Map.groupBy(config.records, (record) => record.name.toLowerCase());
  const routes = cidr === undefined ? [] : portRoutes(cidr, config.resolve);
  const standIns = new Map(routes.map(({ host, address }) => [host, address]));
  const rules = Map.groupBy(config.resolve, (rule) => rule.host.toLowerCase());
  return {
    lookup(name, client) {
      if (name === client.hostname.toLowerCase()) return [client.podIP];
      const visible = records
        .get(name)
        ?.filter(({ namespaces }) => namespaces === undefined || namespaces.includes(client.namespace));
      if (visible !== undefined && visible.length > 0) return visible.flatMap((record) => record.addresses);
      const standIn = standIns.get(name);
      if (standIn !== undefined) return [standIn];
      const resolved = rules.get(name);
      if (resolved !== undefined) return [...new Set(resolved.map((rule) => rule.address))];
      const ofMesh = name === meshDomain || name.endsWith(`.${meshDomain}`);
      return hosts.lookup(name) ?? (ofMesh ? 'nonexistent' : undefined);
    },
  };
}
