// What of a view depends on the way in which connections come to its proxies. Stateless, so that all views share one.
import type { Mesh } from '../mesh/mesh.ts';
import type { MeshConfig } from '../mesh/mesh-config.ts';
import { selectService } from '../mesh/select-service.ts';
import type { Service } from '../mesh/service.ts';
import type { Capture } from './capture.ts';
import { createDomainClaims, type DomainClaims } from './domain-claims.ts';
import { buildInboundResources } from './inbound-listener.ts';
import type { InboundPort } from './inbound-ports.ts';
import { alwaysHttpPort, buildPortListeners } from './outbound-listeners.ts';
import type { PortUse } from './port-use.ts';
import type { TypedResource } from './resource.ts';
import { buildHostVirtualHosts, buildPortRoutes } from './routes.ts';
import type { SelectedHost } from './selected-host.ts';
import { buildStaticResources } from './static-resources.ts';
import type { Routing } from './virtual-service/routing.ts';

export interface ViewParts {
  readonly capture: Capture['kind'];
  /** To a gateway, which has this address: what proxies of the mesh call from (Capture); undefined: nobody is known. */
  proxies(podIP: string): string | undefined;
  /** The service that a namespace knows under this host. */
  select(mesh: Mesh, host: string, namespace: string): Service | undefined;
  /** Hosts to be selected anew when what this host stands for has changed. */
  dependents(host: string): readonly string[];
  createClaims(namespace: string): DomainClaims;
  /** What is there whatever is registered. `ranged`: services with ranges of addresses. */
  buildWhole(config: MeshConfig, ranged: Iterable<Service>): readonly TypedResource[];
  buildInbound(ports: readonly InboundPort[], config: MeshConfig): readonly TypedResource[];
  buildPort(port: number, use: PortUse, config: MeshConfig): readonly TypedResource[];
  /** `extraDomains`: further names and addresses that mean this host on a port. */
  buildVirtualHosts(
    selected: SelectedHost,
    extraDomains: (port: number) => readonly string[],
    routing: (port: number) => Routing,
    config: MeshConfig,
  ): readonly TypedResource[];
}

export const redirectParts: ViewParts = {
  capture: 'redirect',
  proxies: () => undefined,
  select: (mesh, host, namespace) => selectService(mesh.services.get(host), namespace),
  dependents: () => [],
  createClaims: createDomainClaims,
  buildWhole: buildStaticResources,
  buildInbound: (ports, config) => buildInboundResources(ports, config, 'redirect'),
  buildPort: (port, use, config) => [
    ...buildPortListeners(port, use, config),
    ...(use.http.size > 0 || port === alwaysHttpPort ? [buildPortRoutes(port, config)] : []),
  ],
  buildVirtualHosts: buildHostVirtualHosts,
};
