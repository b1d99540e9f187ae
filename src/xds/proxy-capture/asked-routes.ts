// What a program may ask its proxy for, one virtual host for each host and port: requests with a whole URL go to the
// service, CONNECT to it or to the listener that looks into the connection. A name counts with its port: another port
// is another server.
import { typeUrls } from '../../discovery/view.ts';
import { buildConnectRoute, forAuthority } from '../../envoy/connect-route.ts';
import type { FilterStateValue } from '../../envoy/filter-state.ts';
import { type Route, VirtualHostSchema } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import { buildForwardRoute, buildStatusRoute, buildVirtualHost } from '../../envoy/route.ts';
import { handlingOf } from '../../mesh/handling.ts';
import type { MeshConfig } from '../../mesh/mesh-config.ts';
import { compareAge, originOf, type Service, type ServicePort } from '../../mesh/service.ts';
import { blockAllRoute, connectRoute, httpProxy, virtualHostName } from '../names.ts';
import { type TypedResource, typedResource } from '../resource.ts';
import { unregisteredRoute } from '../route-marks.ts';
import { defaultRetryPolicy } from '../routes.ts';
import { clusterOf } from '../service-clusters.ts';
import { authorityDomains, rangeRegex } from './authority.ts';
import { connectedListenerName, connectedTo } from './connected-listener.ts';

export function buildAskedVirtualHosts(
  service: Service,
  extraDomains: (port: number) => readonly string[],
  config: MeshConfig,
): readonly TypedResource[] {
  return service.ports
    .filter((port) => handlingOf(port.protocol) !== 'none')
    .flatMap((port) => {
      const own = [service.host, ...extraDomains(port.number)];
      const routes = askedRoutes(service, port, config);
      // The address of a service decides by itself, as where the network redirects; a client may then send no SNI.
      const byAddress = looksForServerName(port, config) ? own.filter((name) => service.addresses.includes(name)) : [];
      const byName = own.filter((name) => !byAddress.includes(name));
      return [
        ...virtualHost(service, port, '', byName, routes),
        ...virtualHost(service, port, ';address', byAddress, [straight(service, port), routes[1]]),
      ];
    });
}

function virtualHost(service: Service, port: ServicePort, suffix: string, names: readonly string[], routes: Routes) {
  if (names.length === 0) return [];
  const name = virtualHostName(httpProxy, `${service.host}:${port.number}${suffix}`);
  const message = buildVirtualHost(name, authorityDomains(names, port.number), routes);
  return [typedResource(typeUrls.virtualHost, VirtualHostSchema, name, message, [originOf(service)])];
}

/** For CONNECT, and for everything else. */
type Routes = readonly [Route, Route];

function askedRoutes(service: Service, port: ServicePort, config: MeshConfig): Routes {
  const cluster = clusterOf(service, port);
  const plainHttp = buildForwardRoute({ name: 'default', cluster, retryPolicy: defaultRetryPolicy });
  const handling = handlingOf(port.protocol);
  if (handling === 'tls') {
    return looksForServerName(port, config)
      ? [handOver(port, []), buildStatusRoute(blockAllRoute, 502, unregisteredRoute)]
      : [straight(service, port), plainHttp];
  }
  if (handling === 'tcp') return [straight(service, port), plainHttp];
  const allowAny = config.outboundTrafficPolicy === 'ALLOW_ANY';
  // Bytes have no name by which a cluster without endpoints of its own could find where they go.
  if (forwards(service)) return [allowAny ? straight(service, port) : handOver(port, []), plainHttp];
  return [handOver(port, allowAny || handling === 'auto' ? [connectedTo(cluster)] : []), plainHttp];
}

/** Under ALLOW_ANY any name may be connected to, so that looking for another one inside forbids nothing. */
function looksForServerName(port: ServicePort, config: MeshConfig): boolean {
  return handlingOf(port.protocol) === 'tls' && config.outboundTrafficPolicy === 'REGISTRY_ONLY';
}

function forwards({ resolution }: Service): boolean {
  return resolution === 'NONE' || resolution === 'DYNAMIC_DNS';
}

function straight(service: Service, port: ServicePort): Route {
  return buildConnectRoute({ name: connectRoute, cluster: clusterOf(service, port) });
}

function handOver(port: ServicePort, filterState: readonly FilterStateValue[]): Route {
  return buildConnectRoute({
    name: connectRoute,
    cluster: connectedListenerName(port.number),
    handedOver: true,
    filterState,
  });
}

/** Routes of the catch-all for services with ranges of addresses, which no domain can name; IPv4. */
export function buildRangeRoutes(services: Iterable<Service>, config: MeshConfig): readonly Route[] {
  return [...services]
    .flatMap((service) => service.addresses.map((range) => ({ service, range })))
    .filter(({ range }) => range.includes('/') && !range.includes(':'))
    .sort((a, b) => prefixLength(b.range) - prefixLength(a.range) || compareAge(a.service, b.service))
    .flatMap(({ service, range }) =>
      service.ports
        .filter(({ protocol }) => ['tls', 'tcp'].includes(handlingOf(protocol)))
        .flatMap((port) =>
          askedRoutes(service, port, config).map((route) => forAuthority(route, rangeRegex(range, port.number))),
        ),
    );
}

function prefixLength(range: string): number {
  return Number(range.slice(range.indexOf('/') + 1));
}
