// EgressPolicy -> the objects of Istio that it stands for: a ServiceEntry that registers its hosts, DestinationRules that
// originate TLS, and the Gateway, VirtualServices and DestinationRule of a way through a gateway. They are never stored: the
// mesh translates them as if somebody had written them, and `describe` prints them.
// Invariant: pure; the same policy gives the same objects, each valid.
import { isWildcardHost } from '../../api/host-name.ts';
import type { EgressPolicy } from '../../api/kinds/egress-policy.ts';
import type { KubeObject } from '../../api/object.ts';
import { isOpaqueTcp, parseProtocol } from '../../api/protocol.ts';
import { expandGatewayWay } from './expand-gateway.ts';
import { exportOf, networking, partOf } from './part.ts';
import { hostsOf } from './translate.ts';

export interface ExpandContext {
  /** Of the policy's hosts those that no VirtualService of somebody else speaks of. */
  readonly isFree: (host: string) => boolean;
  /** Whether proxies have certificates (redirect capture): the way to a gateway is then TLS of the mesh. */
  readonly mutualTls: boolean;
}

/** Takes a policy with its defaults filled. */
export function expandEgressPolicy(policy: EgressPolicy, { isFree, mutualTls }: ExpandContext): readonly KubeObject[] {
  const hosts = hostsOf(policy).filter(isFree);
  if (hosts.length === 0) return [];
  return [
    ...expandEntries(policy, hosts),
    ...expandOrigination(policy, hosts),
    ...expandGatewayWay(policy, hosts, mutualTls),
  ];
}

/** One for exact hosts and one for wildcards; where TCP tells hosts by their addresses one for each. */
function expandEntries(policy: EgressPolicy, hosts: readonly string[]): readonly KubeObject[] {
  const ports = policy.spec.ports ?? [];
  const opaque = ports.some(({ protocol }) => isOpaqueTcp(parseProtocol(protocol) ?? 'auto'));
  const exact = hosts.filter((host) => !isWildcardHost(host));
  const wildcards = hosts.filter(isWildcardHost);
  const groups = opaque ? exact.map((host) => [host]) : exact.length === 0 ? [] : [exact];
  const entry = (group: readonly string[], resolution: string, suffix: string) =>
    partOf(policy, networking, 'ServiceEntry', suffix, {
      hosts: group,
      ports: ports.map((port) => entryPort(policy, port, resolution)),
      location: 'MESH_EXTERNAL',
      resolution,
      exportTo: exportOf(policy),
    });
  return [
    ...groups.map((group, index) => entry(group, 'DNS', index === 0 ? '' : String(index))),
    ...(wildcards.length === 0 ? [] : [entry(wildcards, 'DYNAMIC_DNS', 'wildcards')]),
  ];
}

type Port = NonNullable<EgressPolicy['spec']['ports']>[number];

function entryPort(policy: EgressPolicy, { number, protocol = '' }: Port, resolution: string) {
  const dynamic = resolution === 'DYNAMIC_DNS' && protocol.toUpperCase() === 'HTTPS';
  return {
    number,
    name: `${protocol.toLowerCase()}-${number}`,
    protocol: dynamic ? 'TLS' : protocol,
    // Servers are asked in TLS where they usually are.
    ...(policy.spec.tls !== undefined && number === 80 ? { targetPort: 443 } : {}),
  };
}

function expandOrigination(policy: EgressPolicy, hosts: readonly string[]): readonly KubeObject[] {
  const { tls, ports = [] } = policy.spec;
  if (tls === undefined) return [];
  return hosts.map((host, index) =>
    partOf(policy, networking, 'DestinationRule', index === 0 ? '' : String(index), {
      host,
      trafficPolicy: { portLevelSettings: ports.map(({ number }) => ({ port: { number }, tls })) },
      exportTo: exportOf(policy),
    }),
  );
}
