// What of a view depends on the way in which connections come to its proxies. Stateless, so that all views share one.

import type { Mesh } from '../mesh/mesh.ts';
import type { ProxySettings } from '../mesh/proxy-settings.ts';
import { selectService } from '../mesh/select-service.ts';
import type { Service } from '../mesh/service.ts';
import type { Client } from '../mesh/tenancy.ts';
import type { Capture } from './capture.ts';
import { createDomainClaims, type DomainClaims } from './domain-claims.ts';
import type { HostAccess } from './egress-policy/host-access.ts';
import { buildInboundResources } from './inbound-listener.ts';
import type { InboundPort } from './inbound-ports.ts';
import { alwaysHttpPort, buildPortListeners } from './outbound-listeners.ts';
import type { PeerOutlook } from './outlook.ts';
import type { PortUse } from './port-use.ts';
import type { TypedResource } from './resource.ts';
import { buildHostVirtualHosts, buildPortRoutes, buildUnregisteredVirtualHost } from './routes.ts';
import type { SelectedHost } from './selected-host.ts';
import { buildStaticResources } from './static-resources.ts';
import type { Routing } from './virtual-service/routing.ts';

/** All services with a host that are to be thought of, oldest first. */
export type ServicesOf = (host: string) => readonly Service[];

export interface ViewParts {
  readonly capture: Capture['kind'];
  /** To a gateway, which has this address: what proxies of the mesh call from (Capture); undefined: nobody is known. */
  proxies(podIP: string): string | undefined;
  /** Of the services with this host, the one that the proxies of a namespace get. `servicesOf`: the mesh's, if absent. */
  select(mesh: Mesh, host: string, client: Client, servicesOf?: ServicesOf): Service | undefined;
  /** Hosts to be selected anew when what this host stands for has changed. */
  dependents(host: string): readonly string[];
  createClaims(namespace: string): DomainClaims;
  /** What is there whatever is registered. `ranged`: services with ranges of addresses. */
  buildWhole(config: ProxySettings, ranged: Iterable<Service>): readonly TypedResource[];
  buildInbound(ports: readonly InboundPort[], config: ProxySettings, peers: PeerOutlook): readonly TypedResource[];
  buildPort(port: number, use: PortUse, config: ProxySettings): readonly TypedResource[];
  /**
   * `host`: the selected one, or one below it that is to be served the same. `extraDomains`: further names and addresses that
   * mean this host on a port.
   */
  buildVirtualHosts(
    host: string,
    selected: SelectedHost,
    extraDomains: (port: number) => readonly string[],
    routing: (port: number) => Routing,
    access: HostAccess,
    config: ProxySettings,
  ): readonly TypedResource[];
  /** Where every host may be reached: one that EgressPolicies govern, where nothing else serves it. */
  buildUnregistered(
    host: string,
    ports: LookedAtPorts,
    access: HostAccess,
    config: ProxySettings,
  ): readonly TypedResource[];
}

/** By number. */
export interface LookedAtPorts {
  /** Something of the mesh is there. */
  readonly used: readonly number[];
  /** Requests are read. */
  readonly http: readonly number[];
}

export const redirectParts: ViewParts = {
  capture: 'redirect',
  proxies: () => undefined,
  select: (mesh, host, client, servicesOf) => selectService(mesh, host, client, servicesOf?.(host)),
  dependents: () => [],
  createClaims: createDomainClaims,
  buildWhole: buildStaticResources,
  buildInbound: (ports, config, peers) => buildInboundResources(ports, { config, peers }),
  buildPort: (port, use, config) => [
    ...buildPortListeners(port, use, config),
    ...(use.http.size > 0 || port === alwaysHttpPort ? [buildPortRoutes(port, config)] : []),
  ],
  buildVirtualHosts: buildHostVirtualHosts,
  buildUnregistered: (host, { http }, access, config) =>
    http.map((port) => buildUnregisteredVirtualHost(host, port, access, config)),
};
