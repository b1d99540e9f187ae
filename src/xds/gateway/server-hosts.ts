// Which hosts a Gateway's server and a VirtualService have in common (istio-semantics 5).
import { isUnder } from '../../api/host-name.ts';
import type { GatewayServer, ServerHost } from '../../mesh/gateway.ts';
import type { VirtualService } from '../../mesh/virtual-service.ts';

/** The narrower of two hosts, each perhaps a wildcard; undefined if no name is under both. */
export function commonHost(a: string, b: string): string | undefined {
  if (isUnder(a, b)) return a;
  return isUnder(b, a) ? b : undefined;
}

/** The server's hosts that VirtualServices of this namespace may bind to. */
export function openTo({ hosts }: GatewayServer, namespace: string): readonly string[] {
  return hosts.filter((host) => isOpen(host, namespace)).map(({ host }) => host);
}

function isOpen({ namespace: allowed }: ServerHost, namespace: string): boolean {
  return allowed === undefined || allowed === namespace;
}

/** Hosts under which the VirtualService's rules are served by the server. */
export function servedHosts(server: GatewayServer, { hosts, namespace }: VirtualService): ReadonlySet<string> {
  const open = openTo(server, namespace);
  const common = hosts.flatMap((host) => open.map((own) => commonHost(host, own)));
  return new Set(common.filter((host) => host !== undefined));
}
