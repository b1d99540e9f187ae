// Which virtual host of a RouteConfiguration a request is for. Envoy: an exact domain, the longest `*.x`, the longest `x.*`, `*`.
import type { View } from '../../discovery/view.ts';
import { type VirtualHost, VirtualHostSchema } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import type { RouteConfiguration } from '../../envoy/gen/envoy/config/route/v3/route_pb.js';
import { domainsOfRoute } from '../reading/domains.ts';
import { readResource } from '../reading/message.ts';

export function findVirtualHost(view: View, routes: RouteConfiguration, authority: string): VirtualHost | undefined {
  const host = askedHost(authority, routes.ignorePortInHostMatching);
  const named = domainsOfRoute(view, routes.name);
  const inline = new Map(
    routes.virtualHosts.flatMap((one) => one.domains.map((domain) => [domain.toLowerCase(), one])),
  );
  const at = (domain: string) => {
    const resource = named.get(domain);
    return resource === undefined ? inline.get(domain) : readResource(VirtualHostSchema, resource);
  };
  for (const domain of domainsFor(host)) {
    const found = at(domain);
    if (found !== undefined) return found;
  }
  return at('*');
}

/** Wildcards stand for at least one character. */
function* domainsFor(host: string): Iterable<string> {
  yield host;
  for (let from = 1; from < host.length; from += 1) {
    const before = host[from];
    if (before === '.' || before === '-' || before === ':') yield `*${host.slice(from)}`;
  }
  for (let to = host.length - 1; to > 0; to -= 1) {
    const last = host[to - 1];
    if (last === '.' || last === '-' || last === ':') yield `${host.slice(0, to)}*`;
  }
}

function askedHost(authority: string, ignoresPort: boolean): string {
  const [, host = authority, port = ''] = /^(\[[^\]]*\]|[^:]*)(:\d*)?$/.exec(authority.toLowerCase()) ?? [];
  const plain = host.endsWith('.') ? host.slice(0, -1) : host;
  return ignoresPort ? plain : `${plain}${port}`;
}
