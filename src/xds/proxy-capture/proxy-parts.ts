// A view whose programs are told of an HTTP proxy, instead of having their connections redirected.
import { wildcardsAbove } from '../../api/host-name.ts';
import { selectService } from '../../mesh/select-service.ts';
import type { PortRule } from '../capture.ts';
import { createPortDomainClaims } from '../domain-claims.ts';
import { buildInboundResources } from '../inbound-listener.ts';
import { buildHostVirtualHosts } from '../routes.ts';
import type { ViewParts } from '../view-parts.ts';
import { buildAskedVirtualHosts } from './asked-routes.ts';
import { buildConnectedListener } from './connected-listener.ts';
import { buildHttpProxy } from './http-proxy.ts';
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
    buildVirtualHosts: (selected, extraDomains, routing, access, config) => [
      ...buildHostVirtualHosts(selected, extraDomains, routing, access),
      ...buildAskedVirtualHosts(selected, extraDomains, routing, access, config),
    ],
  };
}
