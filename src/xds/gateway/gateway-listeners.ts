// The listener of one port of a gateway: HTTP and TCP as they come, TLS that is ended here or passed on by its SNI
// (istio-semantics 5). There is no chain for what nobody serves: it is closed.
import { isUnder } from '../../api/host-name.ts';
import { typeUrls } from '../../discovery/view.ts';
import { buildCorsFilter } from '../../envoy/cors.ts';
import { buildDownstreamTls } from '../../envoy/downstream-tls.ts';
import { buildFaultFilter } from '../../envoy/fault.ts';
import { buildGatewayHttpManager } from '../../envoy/gateway-http-manager.ts';
import { buildGatewayListener, type GatewayTlsChain } from '../../envoy/gateway-listener.ts';
import { ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.js';
import { buildGrpcMessagesFilter } from '../../envoy/grpc-messages.ts';
import { buildDynamicForwardProxyFilters, whereRoutesAsk } from '../../envoy/http-filters.ts';
import type { NetworkFilter } from '../../envoy/network-filters.ts';
import { buildRouteMarkFilter } from '../../envoy/route-mark.ts';
import type { CallerRoots, ServerCertificate, ServerTls } from '../../mesh/gateway.ts';
import type { ProxySettings } from '../../mesh/proxy-settings.ts';
import { boundTo } from '../../mesh/select-virtual-service.ts';
import { exactHostGuard } from '../address-policy.ts';
import type { Capture } from '../capture.ts';
import { dynamicDnsCache } from '../dynamic-dns.ts';
import { passedFilters } from '../filter-chains.ts';
import { listenerName } from '../names.ts';
import { type TypedResource, typedResource } from '../resource.ts';
import { certificateFileSecret, credentialCertificate, credentialRoots, rootFileSecret } from '../secret-names.ts';
import { buildCallerFilter } from '../traffic-callers.ts';
import { outboundHttpLogs, refusedByGatewayLogs } from '../traffic-logs.ts';
import { buildUpstreamFilters } from '../upstream-filters.ts';
import { isForAnyAddress, type PassedRoute, tcpRoutes, tlsRoutes } from '../virtual-service/passed-routes.ts';
import { endsHttps, type GatewayRouting, httpRouteName, httpsRouteName } from './gateway-routes.ts';
import { anyAddress, type MergedPort, type PlacedServer } from './merge-servers.ts';
import { openTo, servedHosts } from './server-hosts.ts';

export interface GatewayListenerContext extends GatewayRouting {
  readonly capture: Capture['kind'];
  readonly settings: ProxySettings;
  /** What proxies of the mesh call from, as ViewParts tells it. */
  readonly proxies: string | undefined;
}

/** Empty where nothing is served: Envoy takes no listener without a chain. */
export function buildGatewayPort(port: MergedPort, context: GatewayListenerContext): readonly TypedResource[] {
  // Where sockets are the bootstrap's they are on the pod's address, which would be more than was asked for.
  if (context.capture === 'proxy' && port.bind !== anyAddress) return [];
  const secrets: string[] = [];
  const tlsChains = withoutTaken(port.tls.flatMap((placed) => buildTlsChains(placed, secrets, context)));
  const plainChain = buildPlainChain(port, context);
  if (tlsChains.length === 0 && plainChain === undefined) return [];
  const name = listenerName(port.bind, port.bindPort);
  const servers = [...port.http, ...port.tls, ...(port.tcp === undefined ? [] : [port.tcp])];
  const [first] = servers;
  const { settings, proxies } = context;
  const message = buildGatewayListener({
    name,
    bind: context.capture === 'proxy' ? 'internal' : { address: port.bind, port: port.bindPort },
    tlsChains: tlsChains.map((chain) => judgingCallers(chain, proxies)),
    plainChain: plainChain === undefined ? undefined : judgingCallers(plainChain, proxies),
    accessLog: first === undefined ? [] : refusedByGatewayLogs(settings, askedAt(first.server.port.number), proxies),
  });
  const origins = [...new Set(servers.map(({ origin }) => origin)), ...(settings.origins ?? [])];
  return [typedResource(typeUrls.listener, ListenerSchema, name, message, origins, secrets)];
}

function judgingCallers<Chain extends { readonly filters: readonly NetworkFilter[] }>(
  chain: Chain,
  proxies: string | undefined,
): Chain {
  return { ...chain, filters: [buildCallerFilter(proxies), ...chain.filters] };
}

/** Callers ask for the Gateway's port, whatever its pods listen on. */
function askedAt(port: number): string {
  return `0.0.0.0:${port}`;
}

function buildPlainChain(port: MergedPort, context: GatewayListenerContext) {
  const {
    http: [http],
    tcp,
    bind,
    bindPort,
  } = port;
  if (http !== undefined) {
    const routes = httpRouteName(http);
    return {
      name: listenerName(bind, bindPort),
      filters: [buildHttpManager(routes, http.server.port.number, context)],
    };
  }
  const route = tcp === undefined ? undefined : firstTcpRoute(tcp, context);
  if (tcp === undefined || route === undefined) return undefined;
  return { name: route.name, filters: passedOn(route, tcp, context) };
}

/** Of the oldest VirtualService that has one for this server. */
function firstTcpRoute(placed: PlacedServer, context: GatewayListenerContext): PassedRoute | undefined {
  for (const virtualService of virtualServicesOf(placed, context)) {
    const [host] = servedHosts(placed.server, virtualService);
    if (host === undefined) continue;
    const route = tcpRoutes(virtualService, host, routingOf(placed, context)).find(isForAnyAddress);
    if (route !== undefined) return route;
  }
  return undefined;
}

function virtualServicesOf({ gateway }: PlacedServer, { mesh, scope }: GatewayListenerContext) {
  return boundTo(mesh.boundTo.get(gateway), gateway, scope.namespace);
}

function routingOf({ gateway, server }: PlacedServer, { scope, service, rule }: GatewayListenerContext) {
  return { scope, gateway, port: server.port.number, service, rule };
}

function buildTlsChains(
  placed: PlacedServer,
  secrets: string[],
  context: GatewayListenerContext,
): readonly GatewayTlsChain[] {
  const { server } = placed;
  const { tls } = server;
  if (tls === undefined || tls.mode === 'AUTO_PASSTHROUGH' || tls.mode === 'ISTIO_MUTUAL') return [];
  if (tls.mode === 'PASSTHROUGH') return buildPassedChains(placed, context);
  const filters = filtersBehindTls(placed, context);
  if (filters === undefined) return [];
  const serverNames = [...new Set(server.hosts.map(({ host }) => host))];
  return [{ name: httpsRouteName(placed), serverNames, filters, tls: buildServerTls(placed, tls, secrets) }];
}

/** HTTPS is read; of other protocols the bytes are passed on by a VirtualService's tcp rules. */
function filtersBehindTls(placed: PlacedServer, context: GatewayListenerContext): readonly NetworkFilter[] | undefined {
  if (endsHttps(placed)) {
    return [buildHttpManager(httpsRouteName(placed), placed.server.port.number, context)];
  }
  const route = firstTcpRoute(placed, context);
  return route === undefined ? undefined : passedOn(route, placed, context);
}

/** One for each TLS rule of the VirtualServices that are bound to the server. */
function buildPassedChains(placed: PlacedServer, context: GatewayListenerContext): readonly GatewayTlsChain[] {
  return virtualServicesOf(placed, context).flatMap((virtualService) => {
    const open = openTo(placed.server, virtualService.namespace);
    const [host = ''] = servedHosts(placed.server, virtualService);
    const routes = tlsRoutes(virtualService, host, routingOf(placed, context)).filter(isForAnyAddress);
    return routes.flatMap((route) => {
      const serverNames = route.serverNames.filter((name) => open.some((own) => isUnder(name, own)));
      if (serverNames.length === 0) return [];
      return [{ name: route.name, serverNames, filters: passedOn(route, placed, context) }];
    });
  });
}

function passedOn(route: PassedRoute, { server }: PlacedServer, { settings }: GatewayListenerContext) {
  return passedFilters(route, settings, { destination: askedAt(server.port.number), proxy: 'gateway' });
}

/** Istio: an SNI that stands in two rules is the first one's. */
function withoutTaken(chains: readonly GatewayTlsChain[]): readonly GatewayTlsChain[] {
  const taken = new Set<string>();
  return chains.flatMap((chain) => {
    const serverNames = chain.serverNames.filter((name) => !taken.has(name));
    for (const name of serverNames) taken.add(name);
    return serverNames.length === 0 ? [] : [{ ...chain, serverNames }];
  });
}

function buildServerTls({ server }: PlacedServer, tls: ServerTls, secrets: string[]) {
  const certificateSecrets = [...new Set(tls.certificates.map(certificateSecretOf))];
  const validation = tls.mode === 'SIMPLE' ? undefined : rootsSecretOf(tls.callerRoots);
  secrets.push(...certificateSecrets, ...(validation === undefined ? [] : [validation]));
  return buildDownstreamTls({
    certificateSecrets,
    validationSecret: validation,
    requireClientCertificate: tls.mode === 'MUTUAL',
    subjectAltNames: tls.subjectAltNames,
    pins: { spki: tls.certificateSpki, hashes: tls.certificateHashes },
    alpn: server.port.protocol === 'HTTPS' ? ['h2', 'http/1.1'] : [],
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    ciphers: tls.cipherSuites,
  });
}

function certificateSecretOf(one: ServerCertificate): string {
  return 'certificate' in one
    ? certificateFileSecret(one.certificate, one.key)
    : credentialCertificate(one.credentialName);
}

/** Where no roots are named there are none, and nobody is let in. */
function rootsSecretOf(roots: CallerRoots | undefined): string {
  if (roots === undefined) return rootFileSecret('');
  return 'file' in roots ? rootFileSecret(roots.file, roots.crl) : credentialRoots(roots.credentialName);
}

function buildHttpManager(
  routeName: string,
  port: number,
  { settings, capture }: GatewayListenerContext,
): NetworkFilter {
  return buildGatewayHttpManager({
    statPrefix: `outbound_0.0.0.0_${port};`,
    routeName,
    accessLog: outboundHttpLogs(settings, askedAt(port), 'gateway'),
    removedHeaders: { prefixes: ['x-envoy-'] },
    filters: [
      buildRouteMarkFilter(),
      buildGrpcMessagesFilter(),
      ...whereRoutesAsk([
        buildCorsFilter(),
        buildFaultFilter(),
        ...buildDynamicForwardProxyFilters(dynamicDnsCache, port),
      ]),
    ],
    upstreamFilters: buildUpstreamFilters(exactHostGuard(settings.allowedRanges, capture)),
  });
}
