// What a program may ask its proxy for, one virtual host for each host and port: requests with a whole URL go to the
// service, CONNECT to it or to the listener that looks into the connection. A name counts with its port: another port
// is another server.

import { buildConnectRoute, buildConnectStatusRoute, forAuthority } from '../../envoy/connect-route.ts';
import type { FilterStateValue } from '../../envoy/filter-state.ts';
import type { Route } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.js';
import type { WeightedCluster } from '../../envoy/network-filters.ts';
import { buildStatusRoute, buildVirtualHost } from '../../envoy/route.ts';
import { handlingOf } from '../../mesh/handling.ts';
import type { ProxySettings } from '../../mesh/proxy-settings.ts';
import { compareAge, type Service, type ServicePort } from '../../mesh/service.ts';
import { judgedElsewhere } from '../authorization/asked.ts';
import { governorsOf, type HostAccess } from '../egress-policy/host-access.ts';
import { judgedRequests, judgementOf } from '../egress-policy/judgement.ts';
import {
  blockAllRoute,
  blockConnectRoute,
  connectRoute,
  connectThrough,
  httpProxy,
  virtualHostName,
} from '../names.ts';
import { ownSettings, type PortService } from '../port-use.ts';
import { connectAuthorityKey } from '../record-line.ts';
import type { TypedResource } from '../resource.ts';
import { unregisteredRoute } from '../route-marks.ts';
import { defaultRoute, hostRoutes, originsOf } from '../routes.ts';
import { portServiceOf, type SelectedHost } from '../selected-host.ts';
import { clusterOf } from '../service-clusters.ts';
import { unregisteredPort } from '../unregistered-port.ts';
import { virtualHostResource } from '../virtual-host-resource.ts';
import type { AskedHost } from '../virtual-service/http-routes.ts';
import type { Routing } from '../virtual-service/routing.ts';
import { authorityDomains, rangeRegex } from './authority.ts';
import { connectedListenerName, connectedTo } from './connected-listener.ts';

/** `host`: the selected one, or one below it that is to be served the same. */
export function buildAskedVirtualHosts(
  host: string,
  selected: SelectedHost,
  extraDomains: (port: number) => readonly string[],
  routing: (port: number) => Routing,
  access: HostAccess,
  config: ProxySettings,
): readonly TypedResource[] {
  const { service } = selected;
  if (service === undefined) {
    const judgement = judgementOf(access(host, unregisteredPort.number));
    const routes = hostRoutes(selected, unregisteredPort, routing(unregisteredPort.number), { host, judgement });
    const names = routes.length === 0 ? [] : [host];
    return virtualHost({ host, selected, port: unregisteredPort, suffix: '' }, names, routes, access);
  }
  return service.ports.flatMap((port) => {
    const entry = portServiceOf(selected, routing(port.number), access, host);
    if (entry === undefined || handlingOf(port.protocol) === 'none') return [];
    const own = [host, ...extraDomains(port.number)];
    const judgement = judgementOf(access(host, port.number));
    const plain = plainRoutes(selected, port, routing(port.number), { host, judgement });
    // A VirtualService that has no rule for these programs: to them the host is one that nobody knows.
    if (plain.length === 0 && handlingOf(port.protocol) === 'http') return [];
    const [connect, refused] = connectRoutes(entry, config);
    // The address of a service decides by itself, as where the network redirects; a client may then send no SNI.
    const looks = looksForServerName(entry, config);
    const byAddress = looks ? own.filter((name) => service.addresses.includes(name)) : [];
    const byName = own.filter((name) => !byAddress.includes(name));
    return [
      ...virtualHost(
        { host, selected, port, suffix: '' },
        byName,
        [connect, ...(refused === undefined ? plain : [refused])],
        access,
      ),
      ...virtualHost(
        { host, selected, port, suffix: ';address' },
        byAddress,
        [entry.passed.length > 0 ? connect : straight(entry), ...(refused === undefined ? plain : [refused])],
        access,
      ),
    ];
  });
}

interface AskedPlace {
  readonly host: string;
  readonly selected: SelectedHost;
  readonly port: ServicePort;
  readonly suffix: string;
}

function virtualHost(
  { host, selected, port, suffix }: AskedPlace,
  names: readonly string[],
  routes: readonly Route[],
  access: HostAccess,
) {
  if (names.length === 0) return [];
  const allowed = access(host, port.number);
  const name = virtualHostName(httpProxy, `${host}:${port.number}${suffix}`);
  const perFilter = judgedRequests(judgementOf(allowed));
  const message = buildVirtualHost(name, authorityDomains(names, port.number), routes, { perFilter });
  return [virtualHostResource(message, [...originsOf(selected), ...governorsOf(allowed)])];
}

/** Of requests with a whole URL. */
function plainRoutes(selected: SelectedHost, port: ServicePort, routing: Routing, asked: AskedHost): readonly Route[] {
  const handling = handlingOf(port.protocol);
  const speaksHttp = handling === 'http' || handling === 'auto';
  return hostRoutes(speaksHttp ? selected : { ...selected, virtualService: undefined }, port, routing, asked);
}

/** For CONNECT; and for everything else, where that is refused. */
function connectRoutes(entry: PortService, config: ProxySettings): readonly [Route, Route?] {
  const { service, port } = entry;
  const handling = handlingOf(port.protocol);
  const allowAny = config.outboundTrafficPolicy === 'ALLOW_ANY';
  // Where what is inside tells no name.
  const untold = ownClusters(entry);
  if (handling === 'tls') {
    if (!looksForServerName(entry, config)) return [straight(entry)];
    const otherName = allowAny ? untold : [];
    return [handOver(port, otherName, config), buildStatusRoute(blockAllRoute, 502, unregisteredRoute)];
  }
  if (handling === 'tcp') return [straight(entry)];
  // Bytes have no name by which a cluster without endpoints of its own could find where they go.
  if (forwards(service) && entry.passed.length === 0) return [allowAny ? straight(entry) : handOver(port, [], config)];
  if (handling === 'auto') return [handOver(port, untoldClusters(entry), config)];
  return [handOver(port, allowAny ? untold : [], config)];
}

/** By no way around a tunnel. */
function ownClusters(entry: PortService): readonly WeightedCluster[] {
  return ownSettings(entry).tunnel === undefined ? [{ cluster: clusterOf(entry.service, entry.port), weight: 1 }] : [];
}

/** Of what is neither HTTP nor TLS on a port without a protocol: as a VirtualService says. */
function untoldClusters(entry: PortService): readonly WeightedCluster[] {
  const [route] = entry.passed;
  if (route === undefined) return ownClusters(entry);
  return route.settings.tunnel === undefined ? route.clusters : [];
}

/**
 * Under ALLOW_ANY any name may be connected to, so that looking for another one inside forbids nothing; but where names
 * lead elsewhere it is the one inside that counts.
 */
function looksForServerName({ port, passed }: PortService, config: ProxySettings): boolean {
  if (handlingOf(port.protocol) !== 'tls') return false;
  return config.outboundTrafficPolicy === 'REGISTRY_ONLY' || passed.length > 0;
}

function forwards({ resolution }: Service): boolean {
  return resolution === 'NONE' || resolution === 'DYNAMIC_DNS';
}

function straight(entry: PortService): Route {
  const [passed] = entry.passed;
  const { tunnel, hashesSource = false } = passed?.settings ?? ownSettings(entry);
  // One CONNECT cannot become another; what was meant to go through a tunnel goes nowhere else.
  if (tunnel !== undefined) return buildConnectStatusRoute(blockConnectRoute, 403);
  if (passed === undefined) {
    return buildConnectRoute({ name: connectRoute, cluster: clusterOf(entry.service, entry.port), hashesSource });
  }
  return buildConnectRoute({ name: connectThrough(passed.name), cluster: passed.clusters, hashesSource });
}

/** For records of what is inside it. */
const askedByConnect: FilterStateValue = {
  key: connectAuthorityKey,
  format: '%REQ(:AUTHORITY)%',
  ownKey: true,
  shared: true,
};

/** `untold`: where what the listener cannot tell goes; nowhere if empty. */
function handOver(port: ServicePort, untold: readonly WeightedCluster[], config: ProxySettings): Route {
  const listener = connectedListenerName(port.number);
  const shares = untold.map(({ cluster, weight }) => ({
    cluster: listener,
    weight,
    filterState: [connectedTo(cluster), askedByConnect],
  }));
  return buildConnectRoute({
    name: connectRoute,
    ...(shares.length > 1
      ? { cluster: shares }
      : { cluster: listener, filterState: shares[0]?.filterState ?? [askedByConnect] }),
    handedOver: true,
    perFilter: judgedElsewhere(config),
  });
}

/** Routes of the catch-all for services with ranges of addresses, which no domain can name; IPv4. */
export function buildRangeRoutes(services: Iterable<Service>, config: ProxySettings): readonly Route[] {
  return [...services]
    .flatMap((service) => service.addresses.map((range) => ({ service, range })))
    .filter(({ range }) => range.includes('/') && !range.includes(':'))
    .sort((a, b) => prefixLength(b.range) - prefixLength(a.range) || compareAge(a.service, b.service))
    .flatMap(({ service, range }) =>
      service.ports
        .filter(({ protocol }) => ['tls', 'tcp'].includes(handlingOf(protocol)))
        .flatMap((port) => {
          const [connect, refused] = connectRoutes(unruled(service, port), config);
          const routes = [connect, refused ?? defaultRoute(service, port, undefined)];
          return routes.map((route) => forAuthority(route, rangeRegex(range, port.number)));
        }),
    );
}

function unruled(service: Service, port: ServicePort): PortService {
  return { service, port, rule: undefined, routed: false, passed: [], ranged: [] };
}

function prefixLength(range: string): number {
  return Number(range.slice(range.indexOf('/') + 1));
}
