// A view whose programs are told of an HTTP proxy, instead of having their connections redirected.
import { isWildcardHost, wildcardsAbove } from '../../api/host-name.ts';
import { selectService } from '../../mesh/select-service.ts';
import type { PortRule } from '../capture.ts';
import { createPortDomainClaims } from '../domain-claims.ts';
import { buildInboundResources } from '../inbound-listener.ts';
import { buildHostVirtualHosts } from '../routes.ts';
import { redirectParts, type ViewParts } from '../view-parts.ts';
import { buildAskedVirtualHosts } from './asked-routes.ts';
import { buildConnectedListener } from './connected-listener.ts';
import { buildHttpProxy, buildUnregisteredAsked } from './http-proxy.ts';
import { createPortRules } from './port-rules.ts';

export function createProxyParts(portRules: readonly PortRule[]): ViewParts {
  const rules = createPortRules(portRules);
  return {
    capture: 'proxy',
    // Whatever is called on this machine by no address of its own has this one.
    proxies: () => '^127[.]0[.]0[.]1:',
    select(mesh, host, client, servicesOf) {
      const found = selectService(mesh, host, client, servicesOf?.(host));
      if (found !== undefined) return rules.apply(found);
      for (const wildcard of wildcardsAbove(host)) {
        const above = selectService(mesh, wildcard, client, servicesOf?.(wildcard));
        if (above !== undefined) return rules.narrow(above, host);
      }
      return undefined;
    },
    dependents: (host) => rules.hostsBelow(host),
    createClaims: createPortDomainClaims,
    buildWhole: (config, ranged) => buildHttpProxy(config, ranged, portRules),
    buildInbound: (ports, config) => buildInboundResources(ports, { config, peers: undefined }),
    buildPort: buildConnectedListener,
    buildVirtualHosts: (host, selected, extraDomains, routing, access, config) => [
      ...buildHostVirtualHosts(host, selected, extraDomains, routing, access),
      ...buildAskedVirtualHosts(host, selected, extraDomains, routing, access, config),
    ],
    buildUnregistered: (host, ports, access, config) => [
      ...redirectParts.buildUnregistered(host, ports, access, config),
      ...ports.used.map((port) => buildUnregisteredAsked({ host, port, access, config, rules: portRules })),
      // No domain stands for every port of the names below a wildcard.
      ...(isWildcardHost(host)
        ? []
        : [buildUnregisteredAsked({ host, port: 'other', access, config, rules: portRules })]),
    ],
  };
}
